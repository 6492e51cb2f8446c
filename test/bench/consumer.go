// The least that Telegraf's mqtt_consumer with its json parser and its influxdb output does with a message: the same MQTT client
// (paho.mqtt.golang), every number of the JSON flattened into a field, line protocol, gzip, batches of a thousand to InfluxDB. None of
// Telegraf's own accounting, filters, tracking or buffers is here, and PUBACK waits for nothing: a stand-in where Telegraf is not to be
// had, with other versions of the libraries than it has. Takes COUNT messages, of which the first WARM are not measured, and prints one JSON line when the last is written.
// Arguments: broker clientId count warm influx. Built with what Debian packages, see ingest.ts.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"strconv"
	"syscall"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	protocol "github.com/influxdata/line-protocol"
)

// Telegraf's own defaults: max_undelivered_messages and metric_batch_size.
const (
	undelivered = 1000
	batchSize   = 1000
	flushEvery  = time.Second
)

type point struct {
	at     time.Time
	tags   []*protocol.Tag
	fields []*protocol.Field
}

func (p *point) Time() time.Time              { return p.at }
func (p *point) Name() string                 { return "mqtt_consumer" }
func (p *point) TagList() []*protocol.Tag     { return p.tags }
func (p *point) FieldList() []*protocol.Field { return p.fields }

func flatten(into map[string]float64, name string, value interface{}) {
	under := func(key string) string {
		if name == "" {
			return key
		}
		return name + "_" + key
	}
	switch v := value.(type) {
	case map[string]interface{}:
		for key, inner := range v {
			flatten(into, under(key), inner)
		}
	case []interface{}:
		for i, inner := range v {
			flatten(into, under(strconv.Itoa(i)), inner)
		}
	case float64:
		into[name] = v
	}
}

func parse(topic string, payload []byte) (*point, error) {
	var message map[string]interface{}
	if err := json.Unmarshal(payload, &message); err != nil {
		return nil, err
	}
	numbers := make(map[string]float64)
	flatten(numbers, "", message)
	at := time.UnixMilli(int64(numbers["ts"]))
	delete(numbers, "ts")
	names := make([]string, 0, len(numbers))
	for name := range numbers {
		names = append(names, name)
	}
	sort.Strings(names)
	fields := make([]*protocol.Field, 0, len(names))
	for _, name := range names {
		fields = append(fields, &protocol.Field{Key: name, Value: numbers[name]})
	}
	return &point{at: at, tags: []*protocol.Tag{{Key: "topic", Value: topic}}, fields: fields}, nil
}

func send(url string, batch []*point) error {
	var body bytes.Buffer
	packed := gzip.NewWriter(&body)
	encoder := protocol.NewEncoder(packed)
	encoder.SetFieldTypeSupport(0)
	for _, each := range batch {
		if _, err := encoder.Encode(each); err != nil {
			return err
		}
	}
	if err := packed.Close(); err != nil {
		return err
	}
	request, err := http.NewRequest("POST", url, &body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Encoding", "gzip")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("InfluxDB answers %d: %s", answer.StatusCode, said)
	}
	return err
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func used() (seconds float64, peakMb float64) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fail(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9, float64(usage.Maxrss) / 1024
}

func main() {
	if len(os.Args) != 6 {
		fail(fmt.Errorf("arguments: broker clientId count warm influx"))
	}
	broker, clientID, influx := os.Args[1], os.Args[2], os.Args[5]
	count, countErr := strconv.Atoi(os.Args[3])
	warm, warmErr := strconv.Atoi(os.Args[4])
	if countErr != nil || warmErr != nil {
		fail(fmt.Errorf("count and warm are whole numbers"))
	}
	parsed := make(chan *point, undelivered)
	var startedAt time.Time
	var startedCPU float64
	got := 0
	options := mqtt.NewClientOptions().AddBroker(broker).SetClientID(clientID).SetCleanSession(false).SetKeepAlive(time.Minute)
	client := mqtt.NewClient(options)
	if token := client.Connect(); token.Wait() && token.Error() != nil {
		fail(token.Error())
	}
	token := client.Subscribe("rigtwin/v1/farm/+/+", 1, func(_ mqtt.Client, message mqtt.Message) {
		if got == warm {
			startedAt = time.Now()
			startedCPU, _ = used()
		}
		got++
		each, err := parse(message.Topic(), message.Payload())
		if err != nil {
			fail(err)
		}
		parsed <- each
	})
	if token.Wait() && token.Error() != nil {
		fail(token.Error())
	}
	fmt.Println("ready")
	written := 0
	batch := make([]*point, 0, batchSize)
	flush := func() {
		if len(batch) == 0 {
			return
		}
		if err := send(influx, batch); err != nil {
			fail(err)
		}
		written += len(batch)
		batch = batch[:0]
	}
	tick := time.NewTicker(flushEvery)
	for written < count {
		select {
		case each := <-parsed:
			if batch = append(batch, each); len(batch) == batchSize {
				flush()
			}
		case <-tick.C:
			flush()
		}
	}
	seconds := time.Since(startedAt).Seconds()
	cpu, peakMb := used()
	line, err := json.Marshal(map[string]interface{}{
		"mode": "consumer", "perS": float64(count-warm) / seconds, "cpuS": cpu - startedCPU, "peakMb": peakMb,
	})
	if err != nil {
		fail(err)
	}
	fmt.Println(string(line))
}
