fib() {
  if [ "$1" -lt 2 ]; then r=$1; return; fi
  set -- "$1" "$r"
  fib $(($1 - 1)); set -- "$1" "$r"
  fib $(($1 - 2)); r=$((r + $2))
}
fib 20
echo $r
