package workloads

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Shape is what a seed draws about a workload, before its operations.
type Shape struct {
	// Clients is how many clients there are, Keys how many registers or
	// directories.
	Clients, Keys int
	// Duration is how long operations keep coming, Think the mean gap between
	// the starts of two operations of a client.
	Duration, Think time.Duration
	// Hot is the share of operations, in percent, that go to the first key on
	// top of its fair share.
	Hot int
	// Burst is the share of operations, in percent, that start a pipelined burst;
	// BurstLen is how many operations follow in each.
	Burst, BurstLen int
	// Mix weighs the kinds of operations, in the order of the workload. Weight 0
	// is a kind switched off for the seed.
	Mix []Weight
	// Servers is how many servers there are, for workloads that name them; else 0.
	Servers int
}

// Weight is the weight of one kind of operation.
type Weight struct {
	Name   string
	Weight int
}

// Validate reports a shape that cannot be generated from, and which knob to change.
func (s Shape) Validate() error {
	switch {
	case s.Clients < 1 || s.Keys < 1:
		return fmt.Errorf("shape: clients=%d keys=%d; both must be at least 1", s.Clients, s.Keys)
	case s.Keys > maxKeys:
		return fmt.Errorf("shape: keys=%d; at most %d", s.Keys, maxKeys)
	case s.Duration < 0 || s.Think <= 0:
		return fmt.Errorf("shape: duration=%v think=%v; neither may be negative, nor think zero", s.Duration, s.Think)
	case s.Hot < 0 || s.Hot > 100 || s.Burst < 0 || s.Burst > 100:
		return fmt.Errorf("shape: hot=%d burst=%d; give percentages from 0 to 100", s.Hot, s.Burst)
	case s.BurstLen < 0:
		return fmt.Errorf("shape: burst-len=%d; it must not be negative", s.BurstLen)
	}
	total := 0
	for _, w := range s.Mix {
		if w.Weight < 0 {
			return fmt.Errorf("shape: mix %s:%d; a weight must not be negative", w.Name, w.Weight)
		}
		total += w.Weight
	}
	if total == 0 {
		return errors.New("shape: every weight of mix is 0; nothing would happen")
	}
	return nil
}

// maxKeys keeps the IDs of setup below those of the plan.
const maxKeys = 400

// String renders the shape as key=value pairs on one line, for the plan's header.
func (s Shape) String() string {
	var mix []string
	for _, w := range s.Mix {
		mix = append(mix, w.Name+":"+strconv.Itoa(w.Weight))
	}
	servers := ""
	if s.Servers > 0 {
		servers = fmt.Sprintf(" servers=%d", s.Servers)
	}
	return fmt.Sprintf("clients=%d keys=%d duration=%v think=%v hot=%d burst=%d burst-len=%d mix=%s%s",
		s.Clients, s.Keys, s.Duration, s.Think, s.Hot, s.Burst, s.BurstLen, strings.Join(mix, ","), servers)
}

// ParseShape reads what [Shape.String] writes, in any order. The result is valid.
func ParseShape(text string) (Shape, error) {
	var s Shape
	for _, field := range strings.Fields(text) {
		key, value, ok := strings.Cut(field, "=")
		if !ok {
			return Shape{}, fmt.Errorf("shape: %q; write key=value", field)
		}
		if err := s.set(key, value); err != nil {
			return Shape{}, fmt.Errorf("shape: %s: %w", key, err)
		}
	}
	return s, s.Validate()
}

func (s *Shape) set(key, value string) (err error) {
	switch key {
	case "clients":
		s.Clients, err = strconv.Atoi(value)
	case "keys":
		s.Keys, err = strconv.Atoi(value)
	case "duration":
		s.Duration, err = time.ParseDuration(value)
	case "think":
		s.Think, err = time.ParseDuration(value)
	case "hot":
		s.Hot, err = strconv.Atoi(value)
	case "burst":
		s.Burst, err = strconv.Atoi(value)
	case "burst-len":
		s.BurstLen, err = strconv.Atoi(value)
	case "servers":
		s.Servers, err = strconv.Atoi(value)
	case "mix":
		s.Mix, err = parseMix(value)
	default:
		err = errors.New("unknown knob; knobs are clients, keys, duration, think, hot, burst, burst-len, mix, servers")
	}
	return err
}

func parseMix(text string) ([]Weight, error) {
	var mix []Weight
	for _, item := range strings.Split(text, ",") {
		name, weight, ok := strings.Cut(item, ":")
		n, err := strconv.Atoi(weight)
		if !ok || err != nil || name == "" {
			return nil, fmt.Errorf("%q; write kind:weight", item)
		}
		if slices.ContainsFunc(mix, func(w Weight) bool { return w.Name == name }) {
			return nil, fmt.Errorf("kind %s occurs twice", name)
		}
		mix = append(mix, Weight{name, n})
	}
	return mix, nil
}

// pick draws a kind by weight.
func (s Shape) pick(r *rand.Rand) string {
	total := 0
	for _, w := range s.Mix {
		total += w.Weight
	}
	n := r.IntN(total)
	for _, w := range s.Mix {
		if n -= w.Weight; n < 0 {
			return w.Name
		}
	}
	panic("workloads: weights do not add up")
}
