i=0 n=0 a=hello b=world
while [ $i -lt 100000 ]; do
  if [ "$a" = "$b" ]; then n=$((n+1)); elif [ -n "$a" ] && [ "$b" != x ]; then n=$((n+2)); fi
  i=$((i+1))
done
echo $n
