package guard

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// FuzzKeySet feeds the reader of key sets. Whatever it takes is a public key
// that is strong enough, and encoding/json agrees that the text is a set.
func FuzzKeySet(f *testing.F) {
	const ec = `{"kty":"EC","kid":"e","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	for _, s := range []string{
		`{}`, `{"keys":[]}`, `{"keys":[` + ec + `]}`, `{"keys":[` + ec + `,` + ec + `, 7, null, [], {}]}`,
		`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`, `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`,
		`{"keys":[{"kty":"oct","k":"AAAA"}]}`, `{"keys":[{"kty":"RSA","n":"` + strings.Repeat("_", 342) + `","e":"AQAAAAAAAAAAAAAB"}]}`,
		`{"keys":[{"kty":"EC","use":"enc"},{"kty":"EC","key_ops":["sign"]},{"kty":"EC","key_ops":7,"d":"AAAA"}]}`, `{"keys":{}}`, `{"keys":[}`,
		`{"keys":[` + strings.Repeat(`{},`, 101) + `{}]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		keys, complaints, err := parseSet(text)
		if err != nil {
			if len(keys)+len(complaints) > 0 {
				t.Fatal("keys beside an error")
			}
			return
		}
		var set struct {
			Keys []json.RawMessage `json:"keys"`
		}
		if err := json.Unmarshal([]byte(text), &set); err != nil {
			t.Fatalf("encoding/json refuses it: %v", err)
		}
		if len(keys) > maxKeys || len(complaints) > maxKeys+1 {
			t.Fatalf("%d keys, %d complaints", len(keys), len(complaints))
		}
		for i := range keys {
			if err := judgeKey(keys[i]); err != nil {
				t.Fatal(err)
			}
			if fam, _ := familyOf(keys[i].Material); fam == famHMAC || !keys[i].same(&keys[i]) {
				t.Fatalf("%T is not a public key", keys[i].Material)
			}
		}
		x := newKeyIndex(keys)
		if d := x.diff(x); !d.none() {
			t.Fatalf("differs from itself: %v", d)
		}
		for _, k := range keys {
			if found := x.find(Header{KeyID: k.ID, Algorithm: "ES256"}); k.ID != "" && len(found) == 0 {
				t.Fatal("not found")
			}
		}
		for name := range algorithms {
			if n := len(x.find(Header{Algorithm: name})); n > maxTries {
				t.Fatalf("%d candidates for a token without kid", n)
			}
		}
	})
}

// No more keys are kept than are worth looking at.
func TestKeySetBounds(t *testing.T) {
	var list []string
	for n := range 150 {
		list = append(list, fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","kid":"k%d","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`, n))
	}
	keys, complaints, err := parseSet(`{"keys":[` + strings.Join(list, ",") + `]}`)
	if err != nil || len(keys) != maxKeys || len(complaints) != 1 {
		t.Errorf("%d keys, complaints %q, error %v", len(keys), complaints, err)
	}
}
