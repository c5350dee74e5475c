i=0 s=0
while [ $i -lt 50000 ]; do k=$((i % 100)); eval "c$k=\$((\${c$k:-0} + 1))"; i=$((i+1)); done
echo $c0 $c99
