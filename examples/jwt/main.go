// Command jwt lets in who brings a token. The token comes from a login over
// HTTP; what is in it, the server believes, and when it ends, the socket ends.
package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"encoding/json"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/sio-fast/sio-fast/examples/web"
	"github.com/sio-fast/sio-fast/sio"
)

//go:embed index.html app.js
var files embed.FS

const (
	issuer   = "sio-fast example"
	lifetime = 15 * time.Minute
	maxText  = 500 // letters
)

// passwords of the two who exist. A real program keeps slow hashes (argon2,
// bcrypt) and counts failed attempts.
var passwords = map[string]string{"ada": "lovelace", "grace": "hopper"}

// User is what a token says.
type User struct {
	Name  string    `json:"name"`
	Until time.Time `json:"until"`
}

var self = sio.NewKey[User]("user")

type app struct {
	key   []byte
	after func(time.Duration, func()) *time.Timer // time.AfterFunc; a test's own
}

// newApp has a new key: tokens of an earlier run are not valid any more. Several
// servers would share one.
func newApp() *app {
	key := make([]byte, 32)
	rand.Read(key) // never fails: it would end the program instead
	return &app{key: key, after: time.AfterFunc}
}

func (a *app) server() (*sio.Server, error) {
	mux := web.Pages(files)
	mux.HandleFunc("POST /login", a.login)
	io, err := sio.New(web.Options(mux))
	if err != nil {
		return nil, err
	}
	web.Polite(io)
	io.Use(a.admit)
	io.OnConnect(func(s *sio.Socket) error {
		u, _ := self.Get(s)
		end := a.after(time.Until(u.Until), func() { s.Disconnect(true) })
		context.AfterFunc(s.Context(), func() { end.Stop() })
		return s.Emit("welcome", u)
	})
	sio.OnCall(io, "say", func(s *sio.Socket, text string) (string, error) {
		text, err := web.Line("a message", text, maxText)
		if err != nil {
			return "", err
		}
		u, _ := self.Get(s) // the token says who speaks, not the message
		return text, io.Emit("said", u.Name, text)
	})
	return io, nil
}

// login gives a token for a name and a password.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	var in struct{ Name, Password string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1024)).Decode(&in); err != nil {
		http.Error(w, "please send name and password as JSON", http.StatusBadRequest)
		return
	}
	want, known := passwords[in.Name]
	if subtle.ConstantTimeCompare([]byte(in.Password), []byte(want)) != 1 || !known {
		http.Error(w, "wrong name or password", http.StatusUnauthorized)
		return
	}
	token, err := a.token(in.Name, time.Now())
	if err != nil {
		http.Error(w, "no token today", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(map[string]string{"token": token})
}

func (a *app) token(name string, now time.Time) (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer:    issuer,
		Subject:   name,
		IssuedAt:  jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
	}).SignedString(a.key)
}

// admit lets in who brings a token that is signed by us, with our method and no
// other, and has not ended. Why one is refused is nobody's business.
func (a *app) admit(s *sio.Socket) error {
	unauthorized := &sio.ConnectError{Message: "unauthorized", Data: map[string]int{"code": http.StatusUnauthorized}}
	var auth struct{ Token string }
	if s.Handshake().Bind(&auth) != nil {
		return unauthorized
	}
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(auth.Token, &claims, func(*jwt.Token) (any, error) { return a.key, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithIssuer(issuer))
	if err != nil || passwords[claims.Subject] == "" {
		return unauthorized
	}
	self.Set(s, User{Name: claims.Subject, Until: claims.ExpiresAt.Time})
	return nil
}

func main() { web.Main(newApp().server()) }
