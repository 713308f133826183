package sio

import (
	"regexp"
	"slices"
	"strconv"
)

// OfFunc makes a dynamic namespace: a parent whose children are made when a
// client asks for a name that does not exist and match accepts. match may block
// and gets what the client said; it is not asked again once the child exists,
// so whom to let in is for Use. Parents are asked in the order in which they
// were made, and the first that accepts has the child. Any goroutine.
//
// A child starts with everything that is registered on its parent at that time.
// What is sent through the parent goes to all of its children.
func (s *Server) OfFunc(match func(name string, h *Handshake) bool) *Namespace {
	notNil(match == nil)
	return s.addParent(match, false)
}

// OfPattern is OfFunc for the names that re matches. Also [Server.Of] makes a
// child of it when it is called with such a name. Any goroutine.
func (s *Server) OfPattern(re *regexp.Regexp) *Namespace {
	notNil(re == nil)
	return s.addParent(func(name string, _ *Handshake) bool { return re.MatchString(name) }, true)
}

func (s *Server) addParent(match func(string, *Handshake) bool, pattern bool) *Namespace {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.newNamespace("/_"+strconv.Itoa(len(s.parents)), nil) // the reference's name
	n.match, n.pattern = match, pattern
	s.parents = append(s.parents[:len(s.parents):len(s.parents)], n)
	return n
}

// dynamic gives the parents in order.
func (s *Server) dynamic() []*Namespace {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.parents
}

// removeChild forgets a child that is empty and dead (see Namespace.release).
func (s *Server) removeChild(n *Namespace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nsps[n.name] == n {
		delete(s.nsps, n.name)
	}
	p := n.parent
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.children, n); i >= 0 {
		p.children = slices.Delete(slices.Clone(p.children), i, i+1)
	}
}

// runResolve asks the parents for the namespace that the client wants. On a
// worker.
func (s *Socket) runResolve() {
	srv, name := s.nsp.srv, s.nsp.name
	n := s.findOrMake(srv, name)
	s.post(op{kind: opResolved, n: n})
}

// findOrMake gives the namespace, counting s in it, or nil.
func (s *Socket) findOrMake(srv *Server, name string) *Namespace {
	for {
		if n := srv.lookup(s2b(name)); n != nil {
			if n.acquire() {
				return n
			}
			continue // it is just being removed
		}
		parent := s.match(srv, name)
		if parent == nil {
			return nil
		}
		if n := srv.create(name, parent); n.acquire() {
			return n
		}
	}
}

// match asks one parent after the other.
func (s *Socket) match(srv *Server, name string) *Namespace {
	h := s.Handshake()
	for _, p := range srv.dynamic() {
		if s.matches(p, name, h) {
			return p
		}
	}
	return nil
}

// matches asks p; a panic goes to p's OnError and means no.
func (s *Socket) matches(p *Namespace, name string, h *Handshake) (ok bool) {
	defer s.recoveredIn(p, "namespace")
	return p.match(name, h)
}

// resolved goes on with the connection, or refuses it. Loop only.
func (s *Socket) resolved(n *Namespace) {
	switch {
	case s.closed(): // the client left meanwhile
		if n != nil {
			n.release()
		}
	case n == nil:
		name := s.nsp.name
		s.close(ReasonForced)
		s.client.refuse(name, invalidNamespace, nil)
	default:
		s.admit(n)
	}
}
