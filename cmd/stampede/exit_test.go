package main

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/stampede-sim/stampede"
	"github.com/stampede-sim/stampede/checkers"
)

func TestCodeOf(t *testing.T) {
	for _, c := range []struct {
		verdict   checkers.Verdict
		guarantee string
		want      int
	}{
		{checkers.Pass, "", 0},
		{checkers.Violation, checkers.Durability, 10},
		{checkers.Violation, stampede.NoPanic, 10},
		{checkers.Violation, stampede.Liveness, 11},
		{checkers.Unknown, "", 12},
		{checkers.Vacuous, "", 12},
		{stampede.Nondeterministic, "", 13},
	} {
		if got := codeOf(c.verdict, c.guarantee); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.verdict, c.guarantee, got, c.want)
		}
	}
}

func TestWorse(t *testing.T) {
	order := []int{0, 12, 11, 10, 13}
	for i, a := range order {
		for k, b := range order {
			if got, want := worse(a, b), order[max(i, k)]; got != want {
				t.Errorf("worse of %d and %d: %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestFinish(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		text string
	}{
		{nil, 0, ""},
		{ended(11), 11, ""},
		{errors.New("disk full"), 1, "stampede: disk full\n"},
		{fmt.Errorf("wrapped: %w", usagef("no such thing")), 2, "stampede: wrapped: no such thing\n"},
		{errors.Join(errors.New("one"), errors.New("two")), 1, "stampede: one; two\n"},
	} {
		var w bytes.Buffer
		if code := finish(&w, c.err); code != c.code || w.String() != c.text {
			t.Errorf("%v: code %d, %q; want %d, %q", c.err, code, w.String(), c.code, c.text)
		}
	}
}
