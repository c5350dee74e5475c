n=0
while read -r a b; do n=$((n + ${#b})); done < "$BENCH_DATA/lines"
echo $n
