i=0 n=0
while [ $i -lt 2000 ]; do if (exit $((i % 2))); then n=$((n+1)); fi; i=$((i+1)); done
echo $n
