even() { return $(($1 % 2)); }
n=0 i=0
while [ $i -lt 80000 ]; do if even $i; then n=$((n+1)); fi; i=$((i+1)); done
echo $n
