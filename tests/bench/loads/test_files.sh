i=0 n=0
while [ $i -lt 30000 ]; do
  [ -e / ] && [ -d /usr ] && [ ! -f /nonexistent ] && n=$((n+1))
  i=$((i+1))
done
echo $n
