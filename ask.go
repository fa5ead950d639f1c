package stampede

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/stampede-sim/stampede/nodes/coordinator/admin"
)

// Answer is what one server says to a question when a run has ended.
type Answer struct {
	Server, Question string
	// Text is that of a four-letter word, or the JSON of an administration command.
	Text string
}

// CheckQuestions reports the first of some questions that no server understands.
func CheckQuestions(questions []string) error {
	for _, q := range questions {
		if admin.Word(q).Known() {
			continue
		}
		if _, err := admin.Command(q, &admin.State{}); err != nil {
			return fmt.Errorf("%q is no four-letter word (%s) and no command (%s)", q, wordList(), strings.Join(admin.CommandNames(), ", "))
		}
	}
	return nil
}

func wordList() string { return admin.Whitelist(admin.Words).String() }

// ask puts every question to every server that is up.
func (r *run) ask(questions []string) []Answer {
	if err := CheckQuestions(questions); err != nil {
		panic("stampede: " + err.Error())
	}
	var out []Answer
	for _, p := range r.world.Processes() {
		if p.Group != serverGroup {
			continue
		}
		for _, q := range questions {
			text := "the process is down\n"
			if p.Up {
				text = answer(q, r.servers[p.ID].State())
			}
			out = append(out, Answer{Server: p.Name, Question: q, Text: text})
		}
	}
	return out
}

// answer renders one answer. Nothing is changed by it, not even by a reset.
func answer(question string, s *admin.State) string {
	if w := admin.Word(question); slices.Contains(admin.Words, w) {
		return admin.Answer(w, s)
	}
	record, err := admin.Command(question, s)
	if err != nil {
		return err.Error()
	}
	text, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text) + "\n"
}
