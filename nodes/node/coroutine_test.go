package node

import (
	"slices"
	"testing"
	"time"
)

// still is a host that wakes nobody by itself.
type still struct{}

func (still) WakeAfter(*Task, time.Duration) {}
func (still) WakeSynced(*Task, string)       {}
func (still) WakeDirSynced(*Task)            {}

// TestCoroutinesAreUsedAgain: a task that ended, or was stopped, leaves its coroutine
// to the next one; tasks that overlap have one each.
func TestCoroutinesAreUsedAgain(t *testing.T) {
	var pool Coroutines
	var did []string
	begin := func(name string) *Task {
		task := pool.NewTask(name, still{}, func(t *Task) {
			defer func() { did = append(did, name+" over") }()
			t.Sleep(0)
			did = append(did, name+" slept")
		})
		task.Start()
		return task
	}
	a, b := begin("a"), begin("b")
	on := a.on
	if b.on == on {
		t.Fatal("two tasks share a coroutine")
	}
	a.Wake(nil)
	if !a.Ended() || b.Ended() {
		t.Error("not a has ended")
	}
	c := begin("c")
	if c.on != on {
		t.Error("c has a new coroutine")
	}
	c.Stop()
	c.Wake(nil)
	b.Wake(nil)
	d := begin("d")
	d.Stop()
	if want := []string{"a slept", "a over", "c over", "b slept", "b over", "d over"}; !slices.Equal(did, want) {
		t.Errorf("did %v, want %v", did, want)
	}
	if len(pool.idle) != 2 {
		t.Errorf("%d coroutines are idle, want 2", len(pool.idle))
	}
	pool.Close()
	if _, running := on.resume(); running || len(pool.idle) != 0 {
		t.Error("a coroutine outlives its pool")
	}
}

// TestPanicsLeaveTheirCoroutine: who resumes a task gets its panic, and the coroutine
// is not used again.
func TestPanicsLeaveTheirCoroutine(t *testing.T) {
	var pool Coroutines
	task := pool.NewTask("task", still{}, func(t *Task) {
		t.Sleep(0)
		panic("torn")
	})
	task.Start()
	func() {
		defer func() {
			if r := recover(); r != "torn" {
				t.Errorf("the panic is %v", r)
			}
		}()
		task.Wake(nil)
	}()
	if !task.Ended() || len(pool.idle) != 0 {
		t.Errorf("ended %t, %d idle", task.Ended(), len(pool.idle))
	}
}

// TestStoppedBeforeItBegan: such a task never runs.
func TestStoppedBeforeItBegan(t *testing.T) {
	task := NewTask("task", still{}, func(*Task) { t.Error("it runs") })
	task.Stop()
	if !task.Ended() {
		t.Error("it has not ended")
	}
}
