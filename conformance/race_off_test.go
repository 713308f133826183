//go:build !race

package conformance

const raceFlag = "-race=false"
