package http1

import "testing"

// What accepts 1.3.8 chooses of gzip and deflate, and of br, gzip and deflate.
var encodings = []struct {
	accept      string
	poll, files int
}{
	{"", -1, -1},
	{"gzip", 0, 1},
	{"deflate", 1, 2},
	{"br", -1, 0},
	{"gzip, deflate, br", 0, 1},
	{"deflate, gzip", 1, 2},
	{"br, gzip", 0, 0},
	{"*", 0, 0},
	{"*;q=0", -1, -1},
	{"gzip;q=0", -1, -1},
	{"gzip;q=0, *", 1, 0},
	{"*, gzip;q=0", 1, 0},
	{"gzip;q=0.5, deflate", 1, 2},
	{"gzip;q=0.5, deflate;q=0.4", 0, 1},
	{"identity", -1, -1},
	{"identity;q=1, gzip;q=0.1", 0, 1},
	{"GZIP", 0, 1},
	{"x-gzip", -1, -1},
	{"gzip;q=abc", -1, -1},
	{"gzip;q=", -1, -1},
	{"gzip; q=0.3, deflate; q=0.3", 0, 1},
	{"*;q=0.9, gzip;q=0.2", 1, 0},
	{"deflate, *", 1, 2},
	{"*, deflate", 1, 2},
	{"gzip,,deflate", 0, 1},
	{" gzip ", 0, 1},
	{"gzip;level=1;q=0.1, br;q=0.2", 0, 0},
	{"gzip;q=5, br", 0, 1},
	{"gzip;q=0.1, gzip;q=0.9, deflate;q=0.5", 0, 1},
	{"gzip;q=0.9, gzip;q=0.1, deflate;q=0.5", 0, 1},
	{"gzip, deflate, br, zstd", 0, 1},
	{"gzip;q=1.0, identity; q=0.5, *;q=0", 0, 1},
	{"deflate;q=0.5,gzip;q=0.5", 1, 2},
	{"br;q=0.1, *;q=0.1", 0, 0},
}

func TestPreferredEncoding(t *testing.T) {
	for _, c := range encodings {
		if got := PreferredEncoding([]byte(c.accept), "gzip", "deflate"); got != c.poll {
			t.Errorf("%q, of two: %d, want %d", c.accept, got, c.poll)
		}
		if got := PreferredEncoding([]byte(c.accept), "br", "gzip", "deflate"); got != c.files {
			t.Errorf("%q, of three: %d, want %d", c.accept, got, c.files)
		}
	}
	if got := PreferredEncoding(nil, "gzip"); got != -1 {
		t.Errorf("without the header: %d", got)
	}
}

func FuzzPreferredEncoding(f *testing.F) {
	for _, c := range encodings {
		f.Add(c.accept)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		offered := []string{"br", "gzip", "deflate"}
		if i := PreferredEncoding([]byte(accept), offered...); i < -1 || i >= len(offered) {
			t.Fatal(i)
		}
	})
}
