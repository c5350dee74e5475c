i=0 n=0
while [ $i -lt 400 ]; do echo "a $i" | { read -r x y; [ "$y" = $i ]; } && n=$((n+1)); i=$((i+1)); done
echo $n
