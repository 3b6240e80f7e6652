package clojure

import "strings"

// core holds the names of clojure.core that code uses without saying from where.
// It tells a function of the language from one that a (:refer :all) brought.
var core = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(coreNames) {
		m[n] = true
	}
	return m
}()

const coreNames = `
* *' + +' - -' / < <= = == > >= -> ->> .. accessor aclone add-watch agent aget alength alias all-ns alter
alter-meta! alter-var-root amap and any? apply areduce aset as-> assert assoc assoc! assoc-in associative?
atom await await-for bases bean bigdec bigint biginteger binding bit-and bit-not bit-or bit-shift-left
bit-shift-right bit-xor boolean boolean? boolean-array booleans bound-fn bound-fn* bound? bounded-count
butlast byte byte-array bytes bytes? case cast cat char char? chars class class? clojure-version coll?
comment commute comp compare compare-and-set! compile complement completing concat cond cond-> cond->>
condp conj conj! cons constantly contains? count counted? create-ns cycle dec dec' decimal? declare dedupe
def definline definterface defmacro defmethod defmulti defn defn- defonce defprotocol defrecord defstruct
deftype delay delay? deliver deref derive descendants disj disj! dissoc dissoc! distinct distinct? do
doall dorun doseq dosync dotimes doto double double? drop drop-last drop-while eduction empty empty?
ensure ensure-reduced enumeration-seq error-handler eval even? every-pred every? ex-cause ex-data ex-info
ex-message extend extend-protocol extend-type extenders extends? false? ffirst file-seq filter filterv
find find-keyword find-ns find-var first flatten float float? flush fn fn? fnext fnil for force format
frequencies future future-call future-cancel future-done? future? gen-class gensym get get-in get-method
get-thread-bindings get-validator group-by halt-when hash hash-map hash-set ident? identical? identity if
if-let if-not if-some ifn? import in-ns inc inc' inst-ms inst? instance? int int? integer? interleave
intern interpose into into-array io! isa? iterate iterator-seq juxt keep keep-indexed key keys keyword
keyword? last lazy-cat lazy-seq let letfn line-seq list list* list? load load-file load-reader
load-string loaded-libs locking long longs loop macroexpand macroexpand-1 make-array make-hierarchy map
map-entry? map-indexed map? mapcat mapv max max-key memfn memoize merge merge-with meta methods min
min-key mix-collection-hash mod name namespace namespace-munge nat-int? neg-int? neg? newline next nfirst
nil? nnext not not-any? not-empty not-every? not= ns ns-aliases ns-imports ns-interns ns-map ns-name
ns-publics ns-refers ns-resolve ns-unalias ns-unmap nth nthnext nthrest num number? object-array odd? or
parents parse-boolean parse-double parse-long parse-uuid partial partition partition-all partition-by pcalls
peek persistent! pmap pop pop! pop-thread-bindings pos-int? pos? pr pr-str prefer-method print print-method
print-str printf println println-str prn prn-str promise proxy proxy-super push-thread-bindings pvalues
qualified-ident? qualified-keyword? qualified-symbol? quot rand rand-int rand-nth random-sample
random-uuid range ratio? rational? rationalize re-find re-groups re-matcher re-matches re-pattern re-seq
read read-line read-string realized? reduce reduce-kv reduced reduced? reductions ref refer refer-clojure
reify release-pending-sends rem remove remove-all-methods remove-method remove-ns remove-watch repeat
repeatedly replace require requiring-resolve reset! reset-meta! reset-vals! resolve rest reverse
reversible? rseq rsubseq run! satisfies? second select-keys send send-off send-via seq seq? seqable?
sequence sequential? set set! set? short shuffle shutdown-agents simple-keyword? simple-symbol? slurp
some some-> some->> some-fn some? sort sort-by sorted-map sorted-map-by sorted-set sorted-set-by spit
split-at split-with str string? struct subs subseq subvec supers swap! swap-vals! symbol symbol? sync
take take-last take-nth take-while tagged-literal tap> the-ns thread-bound? time to-array trampoline
transduce transient tree-seq true? type unchecked-add unchecked-dec unchecked-inc update update-in
update-keys update-vals uri? use uuid? val vals var-get var-set var? vary-meta vec vector vector?
volatile! vreset! vswap! when when-first when-let when-not when-some while with-bindings with-in-str
with-local-vars with-meta with-open with-out-str with-precision with-redefs with-redefs-fn xml-seq zero?
zipmap *out* *err* *in* *ns* *command-line-args* *file* *print-length* *1 *2 *3 *e
`

// javaLang holds the classes that every namespace sees under their short names.
var javaLang = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(`Object String Integer Long Double Float Boolean Byte Short Character Number
		Math System Thread Runnable Throwable Exception RuntimeException Error IllegalArgumentException
		IllegalStateException NumberFormatException NullPointerException ClassCastException InterruptedException
		UnsupportedOperationException IndexOutOfBoundsException ArithmeticException AssertionError SecurityException
		Iterable Comparable CharSequence StringBuilder Class ClassLoader Process ProcessBuilder Runtime
		ClassNotFoundException StackOverflowError OutOfMemoryError InheritableThreadLocal ThreadLocal Void Enum`) {
		m[n] = true
	}
	return m
}()
