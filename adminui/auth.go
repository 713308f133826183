package adminui

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"time"

	"github.com/sio-fast/sio-fast/sio"
	"golang.org/x/crypto/bcrypt"
)

const (
	// maxCompares bounds the passwords that are compared at a time, maxGuesses
	// those among them that wait: bcrypt is slow on purpose, and whoever guesses
	// must not take the processors from the clients.
	maxCompares, maxGuesses = 1, 64
	// storeTime is how long a store may take.
	storeTime = 10 * time.Second
)

var (
	errCredentials = errors.New("invalid credentials") // the reference's words
	errBusy        = errors.New("too many attempts")
)

// guesses are the logins that are being looked at.
type guesses struct{ waiting, comparing chan struct{} }

func newGuesses() guesses {
	return guesses{make(chan struct{}, maxGuesses), make(chan struct{}, maxCompares)}
}

// login lets in who has a session or knows the password. On a worker.
func (u *UI) login(s *sio.Socket) error {
	var auth struct {
		SessionID string `json:"sessionId"`
		Username  string `json:"username"`
		Password  string `json:"password"`
	}
	if s.Handshake().Bind(&auth) != nil {
		return errCredentials
	}
	ctx, cancel := context.WithTimeout(s.Context(), storeTime)
	defer cancel()
	if len(auth.SessionID) == 2*sessionBytes {
		if ok, err := u.opts.Sessions.Exists(ctx, auth.SessionID); err == nil && ok {
			return nil
		}
	}
	if auth.Password == "" {
		return errCredentials
	}
	if err := u.compare(ctx, auth.Username, auth.Password); err != nil {
		return err
	}
	var b [sessionBytes]byte
	_, _ = rand.Read(b[:]) // never fails
	id := hex.EncodeToString(b[:])
	if u.opts.Sessions.Save(ctx, id) != nil {
		return nil // let in, and asked again the next time
	}
	u.fresh.Store(s, id)
	context.AfterFunc(s.Context(), func() { u.fresh.Delete(s) })
	return s.Emit("session", id)
}

// remind tells an admin its new session again. Where the reference tells it,
// before the CONNECT is answered, the front end does not listen yet: it would ask
// for the password at each reload.
func (u *UI) remind(s *sio.Socket) error {
	id, ok := u.fresh.LoadAndDelete(s)
	if !ok {
		return nil
	}
	return s.Emit("session", id)
}

// compare looks at a name and a password. A wrong name takes as long as a wrong
// password.
func (u *UI) compare(ctx context.Context, name, password string) error {
	g := &u.guesses
	select {
	case g.waiting <- struct{}{}:
		defer func() { <-g.waiting }()
	default:
		return errBusy
	}
	select {
	case g.comparing <- struct{}{}:
		defer func() { <-g.comparing }()
	case <-ctx.Done():
		return errBusy
	}
	named := subtle.ConstantTimeCompare([]byte(name), []byte(u.opts.Username)) == 1
	known := bcrypt.CompareHashAndPassword([]byte(u.opts.PasswordHash), []byte(password)) == nil
	if !named || !known {
		return errCredentials
	}
	return nil
}
