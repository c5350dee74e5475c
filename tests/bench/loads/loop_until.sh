i=0
until [ "$i" -ge 150000 ]; do i=$((i + 1)); done
echo "$i"
