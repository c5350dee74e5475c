i=0
while [ $i -lt 1000 ]; do x=$(echo a$(echo b$(printf %s "$i"))); i=$((i+1)); done
echo $x
