package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/sio-fast/sio-fast/examples/web/webtest"
)

func login(t *testing.T, url, body string) (status int, answer string) {
	t.Helper()
	r, err := http.Post(url+"/login", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// enter logs in and gives what the page then connects with.
func enter(t *testing.T, url, name, password string) any {
	t.Helper()
	in, err := json.Marshal(map[string]string{"name": name, "password": password})
	if err != nil {
		t.Fatal(err)
	}
	status, answer := login(t, url, string(in))
	var out map[string]string
	if err := json.Unmarshal([]byte(answer), &out); status != http.StatusOK || err != nil || out["token"] == "" {
		t.Fatalf("status %d, %q, %v", status, answer, err)
	}
	return out
}

func TestLoginAndTalk(t *testing.T) {
	s, err := newApp().server()
	url := webtest.Start(t, s, err)
	ada := webtest.Open(t, url, enter(t, url, "ada", "lovelace"))
	grace := webtest.Open(t, url, enter(t, url, "grace", "hopper"))
	var u User
	ada.Get("welcome", &u)
	if grace.Get("welcome", &u); u.Name != "grace" || u.Until.IsZero() {
		t.Errorf("welcomed as %+v", u)
	}
	var said, who string
	ada.Call(&said, "say", "hello")
	if grace.Get("said", &who); who != "ada" || said != "hello" {
		t.Errorf("%s has said %q", who, said)
	}
	if why := ada.Refusal("say", ""); why != "a message has 1 to 500 letters" {
		t.Error(why)
	}
}

func TestLoginIsRefused(t *testing.T) {
	s, err := newApp().server()
	url := webtest.Start(t, s, err)
	for body, want := range map[string]int{
		`{"name":"ada","password":"wrong"}`: http.StatusUnauthorized,
		`{"name":"eve","password":""}`:      http.StatusUnauthorized,
		`{}`:                                http.StatusUnauthorized,
		`nonsense`:                          http.StatusBadRequest,
		`"` + strings.Repeat("x", 2000):     http.StatusBadRequest,
	} {
		if status, _ := login(t, url, body); status != want {
			t.Errorf("%.40s is answered %d, want %d", body, status, want)
		}
	}
}

func TestTokensAreRefused(t *testing.T) {
	a := newApp()
	s, err := a.server()
	url := webtest.Start(t, s, err)
	now := time.Now()
	claims := func() jwt.RegisteredClaims {
		return jwt.RegisteredClaims{Issuer: issuer, Subject: "ada", ExpiresAt: jwt.NewNumericDate(now.Add(time.Hour))}
	}
	sign := func(m jwt.SigningMethod, key any, c jwt.RegisteredClaims) string {
		t.Helper()
		token, err := jwt.NewWithClaims(m, c).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := sign(jwt.SigningMethodHS256, a.key, claims())
	webtest.Open(t, url, map[string]any{"token": good}) // what follows differs in one thing each
	expired, endless, foreign, stranger := claims(), claims(), claims(), claims()
	expired.ExpiresAt = jwt.NewNumericDate(now.Add(-time.Minute))
	endless.ExpiresAt = nil
	foreign.Issuer = "somebody else"
	stranger.Subject = "eve"
	parts := strings.Split(good, ".")
	swapped := strings.Split(sign(jwt.SigningMethodHS256, []byte("another key"), stranger), ".")
	for what, auth := range map[string]any{
		"no auth":            nil,
		"no token":           map[string]any{},
		"an empty token":     map[string]any{"token": ""},
		"a number":           map[string]any{"token": 7},
		"nonsense":           map[string]any{"token": "nonsense"},
		"another key":        map[string]any{"token": sign(jwt.SigningMethodHS256, []byte("another key"), claims())},
		"another method":     map[string]any{"token": sign(jwt.SigningMethodHS512, a.key, claims())},
		"alg none":           map[string]any{"token": sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims())},
		"no signature":       map[string]any{"token": parts[0] + "." + parts[1] + "."},
		"other claims":       map[string]any{"token": parts[0] + "." + swapped[1] + "." + parts[2]},
		"expired":            map[string]any{"token": sign(jwt.SigningMethodHS256, a.key, expired)},
		"without an end":     map[string]any{"token": sign(jwt.SigningMethodHS256, a.key, endless)},
		"of another issuer":  map[string]any{"token": sign(jwt.SigningMethodHS256, a.key, foreign)},
		"for nobody we know": map[string]any{"token": sign(jwt.SigningMethodHS256, a.key, stranger)},
	} {
		if why := webtest.Refused(t, url, auth); why != "unauthorized" {
			t.Errorf("%s: refused with %q", what, why)
		}
	}
}

func TestTheSocketEndsWithItsToken(t *testing.T) {
	a := newApp()
	ends := make(chan func(), 1)
	a.after = func(d time.Duration, f func()) *time.Timer {
		if d < lifetime-time.Minute || d > lifetime {
			t.Errorf("the socket may live %v", d)
		}
		ends <- f
		return time.NewTimer(time.Hour)
	}
	s, err := a.server()
	url := webtest.Start(t, s, err)
	ada := webtest.Open(t, url, enter(t, url, "ada", "lovelace"))
	(<-ends)()
	ada.Gone()
}
