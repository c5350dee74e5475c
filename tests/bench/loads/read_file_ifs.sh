n=0
while IFS=: read -r a b c d; do n=$((n + c)); done < "$BENCH_DATA/fields"
echo $n
