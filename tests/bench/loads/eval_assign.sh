i=0
while [ $i -lt 60000 ]; do eval "v=$i"; eval 'w=$v'; i=$((i+1)); done
echo $w
