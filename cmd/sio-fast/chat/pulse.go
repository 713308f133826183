package chat

import "time"

// Pulse is what everybody is told once a second: how busy the server is, and
// who came and went. Joins and leaves of a second travel in one event, so that
// a rush of people costs one broadcast and not one for each of them.
type Pulse struct {
	Clients int         `json:"clients"`
	Online  int         `json:"online"`
	Rate    uint64      `json:"rate"` // messages a second, in and out
	Joined  []User      `json:"joined"`
	Left    []string    `json:"left"`
	Rooms   []RoomCount `json:"rooms"`
}

// RoomCount tells how many are in a room.
type RoomCount struct {
	Name    string `json:"name"`
	Members int    `json:"members"`
}

func (a *app) pulse(stop <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last, at := a.messages(), time.Now()
	for {
		select {
		case <-stop:
			return
		case now := <-tick.C:
			total := a.messages()
			p := Pulse{
				Clients: a.io.Stats().Clients,
				Rate:    uint64(float64(total-last)/now.Sub(at).Seconds() + 0.5),
				Joined:  []User{}, Left: []string{}, Rooms: []RoomCount{},
			}
			last, at = total, now
			joined, left, rooms, online := a.hub.changes()
			p.Joined = append(p.Joined, joined...)
			p.Left = append(p.Left, left...)
			p.Rooms = append(p.Rooms, rooms...)
			p.Online = online
			if online > 0 {
				_ = a.io.Emit("pulse", &p) // fails only once the server is closed
			}
		}
	}
}

func (a *app) messages() uint64 {
	s := a.io.Stats()
	return s.Received + s.Delivered
}
