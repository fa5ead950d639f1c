// Package quota is how much clients may have of a broker, and how much they had: byte rates
// and shares of its time, measured over windows of samples as Kafka's ClientQuotaManager
// does it, and changes of topics, of which a bucket says how many may be made. It is pure,
// and counts in whole numbers.
//
// Who goes beyond its rate is told how long to wait, which is as long as it takes until
// what it had is within the rate again; until then nothing is read from its connection
// (KIP-13, KIP-55, KIP-219).
package quota

import (
	"time"

	"github.com/stampede-sim/stampede/nodes/bugs"
)

// Windows say how use is measured: over so many samples of such a length
// (quota.window.num, quota.window.size.seconds).
type Windows struct {
	Number int
	Size   time.Duration
}

// Rate is what one client had in the last samples.
type Rate struct {
	samples []sample
	// Bugs are the switched-on bugs.
	Bugs bugs.Set
}

// sample is what was had from a time on. The next begins with the first use that comes a
// window later, or more.
type sample struct {
	start time.Duration
	total int64
}

// Record adds to what was had.
func (r *Rate) Record(w Windows, now time.Duration, amount int64) {
	r.purge(w, now)
	if n := len(r.samples); n == 0 || now-r.samples[n-1].start >= w.Size {
		r.samples = append(r.samples, sample{start: now})
	}
	r.samples[len(r.samples)-1].total += amount
}

// Unrecord takes back what was just recorded, and not given.
func (r *Rate) Unrecord(amount int64) { r.samples[len(r.samples)-1].total -= amount }

// purge forgets samples that are too old to count.
func (r *Rate) purge(w Windows, now time.Duration) {
	if r.Bugs.Has(bugs.SamplesNeverExpire) {
		return
	}
	for len(r.samples) > 0 && now-r.samples[0].start >= time.Duration(w.Number)*w.Size {
		r.samples = r.samples[1:]
	}
}

// Wait is how long somebody has to wait who may have so much a second: until what it had
// since the oldest sample is what it may have had since then. Who has just begun is taken
// to have had nothing in all samples but the last, or a first request would always be too
// much.
func (r *Rate) Wait(w Windows, now time.Duration, perSecond int64) time.Duration {
	r.purge(w, now)
	var total int64
	elapsed := time.Duration(0)
	for _, s := range r.samples {
		total += s.total
	}
	if len(r.samples) > 0 {
		elapsed = now - r.samples[0].start
	}
	if full, least := elapsed/w.Size, time.Duration(w.Number-1); full < least {
		elapsed += (least - full) * w.Size
	}
	millis := max(elapsed, w.Size).Milliseconds()
	return time.Duration(max(0, total*1000/perSecond-millis)) * time.Millisecond
}

// Most is how much may be given at once without a wait for sure: an answer that is longer
// would always be too long.
func (w Windows) Most(perSecond int64) int64 {
	return perSecond * int64(w.Number-1) * int64(w.Size/time.Millisecond) / 1000
}
