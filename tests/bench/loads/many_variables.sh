i=0
while [ $i -lt 20000 ]; do eval "var_$i=$i"; i=$((i+1)); done
i=0 n=0
while [ $i -lt 20000 ]; do eval "n=\$((n + var_$i))"; i=$((i+7)); done
echo $n
