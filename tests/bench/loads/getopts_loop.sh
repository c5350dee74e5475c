i=0 n=0
while [ $i -lt 8000 ]; do
  OPTIND=1
  while getopts ab:c o -a -b value -c rest; do n=$((n+1)); done
  i=$((i+1))
done
echo $n
