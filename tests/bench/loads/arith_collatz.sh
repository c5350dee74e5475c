max=0 k=1
while [ $k -le 1200 ]; do
  n=$k len=0
  while [ $n -ne 1 ]; do
    if [ $((n & 1)) -eq 0 ]; then n=$((n / 2)); else n=$((3 * n + 1)); fi
    len=$((len + 1))
  done
  if [ $len -gt $max ]; then max=$len; fi
  k=$((k + 1))
done
echo $max
