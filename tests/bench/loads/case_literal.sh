i=0 n=0
while [ $i -lt 100000 ]; do
  case $((i % 7)) in 0) n=$((n+1));; 1|2) n=$((n+2));; 3) :;; 4) n=$((n+3));; *) n=$((n+4));; esac
  i=$((i+1))
done
echo $n
