. "$BENCH_DATA/big.sh"
echo $parsed
