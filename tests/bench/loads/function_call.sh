f() { n=$((n + $1)); }
n=0 i=0
while [ $i -lt 100000 ]; do f $i; i=$((i+1)); done
echo $n
