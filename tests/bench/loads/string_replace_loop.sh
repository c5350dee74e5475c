replace() { out= rest=$1; while :; do case $rest in *"$2"*) out=$out${rest%%"$2"*}$3 rest=${rest#*"$2"};; *) break;; esac; done; out=$out$rest; }
i=0
while [ $i -lt 4000 ]; do replace 'a-b-c-d-e-f-g' - ___; i=$((i+1)); done
echo $out
