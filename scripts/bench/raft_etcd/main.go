// Raft_etcd measures go.etcd.io/raft/v3 on its own: how many proposals a cluster in one process commits on all of its
// nodes per second of CPU. It is what `npm run bench:raft` compares our core with, hence it does per proposal what the
// harness there does, and nothing else:
//
//   - `batch` entries of 256 bytes are proposed to the leader in one MsgProp, the library's own way to propose several
//     (one Propose each would make it send one append each, to every follower); then every node runs until none has
//     anything to do;
//   - each Ready is stored in memory (the library's own MemoryStorage), its messages are handed over as they are (no
//     encoding, no copy, no network), its committed entries are counted, and it is advanced at once;
//   - the log is compacted after each compactEvery proposals, and keeps the last keepEntries;
//   - one goroutine drives all nodes. CPU time is the process's own (getrusage, user and system), so the garbage
//     collector's other threads count, as they do on the other side.
//
// Usage: raft_etcd NODES BATCH SECONDS. Prints one JSON object.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
)

const (
	payloadBytes   = 256
	electionTicks  = 10
	heartbeatTicks = 1
	maxAppendBytes = 1 << 20
	// The same bounds as in consensus/raft/options.ts.
	maxInflight         = 32
	maxUncommittedBytes = 32 << 20
	// Whatever is committed is handed out at once, on both sides.
	maxApplyBytes = 64 << 20
	compactEvery  = 10_000
	keepEntries   = 100
	warmUp        = 500 * time.Millisecond
	// The clock is read once for so many batches.
	batchesPerLook = 20
)

type node struct {
	raw     *raft.RawNode
	storage *raft.MemoryStorage
	inbox   []*pb.Message
	applied uint64
	// Committed proposals that this node was handed; the empty entry that opens a term is none.
	proposals uint64
}

type cluster struct {
	nodes []*node
	conf  *pb.ConfState
}

func newCluster(size int) (*cluster, error) {
	voters := make([]uint64, size)
	for i := range voters {
		voters[i] = uint64(i + 1)
	}
	c := &cluster{conf: pb.EnsureConfState(&pb.ConfState{Voters: voters})}
	quiet := &raft.DefaultLogger{Logger: log.New(io.Discard, "", 0)}
	for _, id := range voters {
		storage := raft.NewMemoryStorage()
		genesis := pb.EnsureSnapshot(nil)
		genesis.Metadata.Index = new(uint64(1))
		genesis.Metadata.Term = new(uint64(1))
		genesis.Metadata.ConfState = c.conf
		if err := storage.ApplySnapshot(genesis); err != nil {
			return nil, err
		}
		raw, err := raft.NewRawNode(&raft.Config{
			ID:                        id,
			ElectionTick:              electionTicks,
			HeartbeatTick:             heartbeatTicks,
			Storage:                   storage,
			Applied:                   1,
			MaxSizePerMsg:             maxAppendBytes,
			MaxCommittedSizePerReady:  maxApplyBytes,
			MaxUncommittedEntriesSize: maxUncommittedBytes,
			MaxInflightMsgs:           maxInflight,
			CheckQuorum:               true,
			PreVote:                   true,
			Logger:                    quiet,
		})
		if err != nil {
			return nil, err
		}
		c.nodes = append(c.nodes, &node{raw: raw, storage: storage, applied: 1})
	}
	return c, nil
}

// settle lets every node do what it has to do, then delivers all messages, until there is none.
func (c *cluster) settle() error {
	for {
		for _, n := range c.nodes {
			for n.raw.HasReady() {
				if err := c.process(n); err != nil {
					return err
				}
			}
		}
		quiet := true
		for _, n := range c.nodes {
			inbox := n.inbox
			n.inbox = nil
			for _, m := range inbox {
				quiet = false
				if err := n.raw.Step(m); err != nil {
					return err
				}
			}
		}
		if quiet {
			return nil
		}
	}
}

func (c *cluster) process(n *node) error {
	ready := n.raw.Ready()
	if !raft.IsEmptyHardState(ready.HardState) {
		if err := n.storage.SetHardState(ready.HardState); err != nil {
			return err
		}
	}
	if err := n.storage.Append(ready.Entries); err != nil {
		return err
	}
	for _, m := range ready.Messages {
		to := c.nodes[m.GetTo()-1]
		to.inbox = append(to.inbox, m)
	}
	for _, entry := range ready.CommittedEntries {
		n.applied = entry.GetIndex()
		if len(entry.GetData()) > 0 {
			n.proposals++
		}
	}
	n.raw.Advance(ready)
	return nil
}

// compact is what a driver does now and then: without it the logs would grow, and with them the garbage collector's work.
func (c *cluster) compact() error {
	for _, n := range c.nodes {
		if n.applied <= keepEntries+1 {
			continue
		}
		if _, err := n.storage.CreateSnapshot(n.applied, c.conf, nil); err != nil {
			return err
		}
		if err := n.storage.Compact(n.applied - keepEntries); err != nil {
			return err
		}
	}
	return nil
}

// committed is what every node was handed.
func (c *cluster) committed() uint64 {
	least := c.nodes[0].proposals
	for _, n := range c.nodes {
		least = min(least, n.proposals)
	}
	return least
}

// runFor proposes batches until the time is over.
func (c *cluster) runFor(limit time.Duration, batch int, payload []byte) error {
	leader := c.nodes[0].raw
	sinceCompaction := 0
	for start := time.Now(); time.Since(start) < limit; {
		for range batchesPerLook {
			entries := make([]*pb.Entry, batch)
			for i := range entries {
				entries[i] = &pb.Entry{Data: payload}
			}
			proposal := &pb.Message{Type: pb.MsgProp.Enum(), From: new(uint64(1)), Entries: entries}
			if err := leader.Step(proposal); err != nil {
				return err
			}
			if err := c.settle(); err != nil {
				return err
			}
			if sinceCompaction += batch; sinceCompaction < compactEvery {
				continue
			}
			sinceCompaction = 0
			if err := c.compact(); err != nil {
				return err
			}
		}
	}
	return nil
}

func cpuSeconds() (float64, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime), nil
}

type result struct {
	Implementation         string  `json:"implementation"`
	Version                string  `json:"version"`
	Runtime                string  `json:"runtime"`
	Nodes                  int     `json:"nodes"`
	Batch                  int     `json:"batch"`
	PayloadBytes           int     `json:"payloadBytes"`
	Proposals              uint64  `json:"proposals"`
	WallSeconds            float64 `json:"wallSeconds"`
	CPUSeconds             float64 `json:"cpuSeconds"`
	ProposalsPerCPUSecond  float64 `json:"proposalsPerCpuSecond"`
	ProposalsPerWallSecond float64 `json:"proposalsPerWallSecond"`
}

func measure(nodes, batch int, limit time.Duration) (*result, error) {
	c, err := newCluster(nodes)
	if err != nil {
		return nil, err
	}
	if err := c.nodes[0].raw.Campaign(); err != nil {
		return nil, err
	}
	if err := c.settle(); err != nil {
		return nil, err
	}
	if state := c.nodes[0].raw.Status().RaftState; state != raft.StateLeader {
		return nil, fmt.Errorf("node 1 was not elected, it is %s", state)
	}
	payload := make([]byte, payloadBytes)
	if err := c.runFor(warmUp, batch, payload); err != nil {
		return nil, err
	}
	before := c.committed()
	cpuBefore, err := cpuSeconds()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := c.runFor(limit, batch, payload); err != nil {
		return nil, err
	}
	wall := time.Since(start).Seconds()
	cpuAfter, err := cpuSeconds()
	if err != nil {
		return nil, err
	}
	done := c.committed() - before
	cpu := cpuAfter - cpuBefore
	return &result{
		Implementation:         "go.etcd.io/raft/v3",
		Version:                moduleVersion("go.etcd.io/raft/v3"),
		Runtime:                runtime.Version(),
		Nodes:                  nodes,
		Batch:                  batch,
		PayloadBytes:           payloadBytes,
		Proposals:              done,
		WallSeconds:            wall,
		CPUSeconds:             cpu,
		ProposalsPerCPUSecond:  float64(done) / cpu,
		ProposalsPerWallSecond: float64(done) / wall,
	}, nil
}

func moduleVersion(path string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == path {
				return dep.Version
			}
		}
	}
	return "unknown"
}

func arguments() (nodes, batch int, limit time.Duration, err error) {
	if len(os.Args) != 4 {
		return 0, 0, 0, fmt.Errorf("usage: raft_etcd NODES BATCH SECONDS")
	}
	if nodes, err = strconv.Atoi(os.Args[1]); err != nil || nodes < 1 || nodes > 99 {
		return 0, 0, 0, fmt.Errorf("NODES is %q, but must be a whole number from 1 to 99", os.Args[1])
	}
	if batch, err = strconv.Atoi(os.Args[2]); err != nil || batch < 1 || batch > 10000 {
		return 0, 0, 0, fmt.Errorf("BATCH is %q, but must be a whole number from 1 to 10000", os.Args[2])
	}
	seconds, err := strconv.ParseFloat(os.Args[3], 64)
	if err != nil || !(seconds > 0 && seconds <= 3600) {
		return 0, 0, 0, fmt.Errorf("SECONDS is %q, but must be a number above 0 and up to 3600", os.Args[3])
	}
	return nodes, batch, time.Duration(seconds * float64(time.Second)), nil
}

func main() {
	nodes, batch, limit, err := arguments()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	r, err := measure(nodes, batch, limit)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
