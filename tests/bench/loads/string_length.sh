s=abcdefghijklmnopqrstuvwxyz i=0 n=0
while [ $i -lt 100000 ]; do n=$((n + ${#s})); i=$((i+1)); done
echo $n
