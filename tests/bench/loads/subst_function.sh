dirname_() { case $1 in */*) echo "${1%/*}";; *) echo .;; esac; }
i=0
while [ $i -lt 2000 ]; do x=$(dirname_ /a/b/$i/c); i=$((i+1)); done
echo $x
