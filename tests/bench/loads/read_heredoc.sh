i=0 n=0
while [ $i -lt 3000 ]; do
  while read -r w x; do n=$((n+1)); done <<END
one two
three four
five $i
END
  i=$((i+1))
done
echo $n
