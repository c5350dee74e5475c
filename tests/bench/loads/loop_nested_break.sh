i=0 n=0
while [ $i -lt 3000 ]; do
  j=0
  while :; do
    j=$((j+1))
    if [ $j -gt 20 ]; then break; fi
    if [ $((j % 3)) -eq 0 ]; then continue; fi
    n=$((n+1))
  done
  i=$((i+1))
done
echo $n
