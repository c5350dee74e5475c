line='root:x:0:0:root:/root:/bin/bash' i=0 n=0
while [ $i -lt 40000 ]; do IFS=:; set -- $line; IFS=' '; n=$((n + $#)); i=$((i+1)); done
echo $n $7
