g() { [ $# -eq 5 ] && total=$((total + $#)); shift 2; last=$3; }
total=0 i=0
while [ $i -lt 50000 ]; do g "$i" b c d "e $i"; i=$((i+1)); done
echo $total "$last"
