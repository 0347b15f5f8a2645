// Command tidegate-client calls Tidegate once: deadline, credential, cancellation, and all that an error tells.
//
// How to set it up and run it stands in README.md, one folder up.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	tidegatev1 "tidegate-client/gen/tidegate/v1"
)

//go:generate buf generate

// Tidegate retries what the AI API fails, from a budget: a second layer of retries would multiply them. So only
// UNAVAILABLE is tried again, once: a gateway that restarts. When the AI API is why, `grpc-retry-pushback-ms` tells
// this library not to, or when. `timeout` is the most that a call may take.
const serviceConfig = `{
  "methodConfig": [{
    "name": [{"service": "tidegate.v1.ExtractionService"}],
    "timeout": "60s",
    "retryPolicy": {
      "maxAttempts": 2,
      "initialBackoff": "0.1s",
      "maxBackoff": "1s",
      "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE"]
    }
  }]
}`

func main() {
	if len(os.Args) != 3 && len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: extract [https://]HOST:PORT TEXT [SECONDS]")
		os.Exit(2)
	}
	address, text, timeout := os.Args[1], os.Args[2], 10*time.Second
	if len(os.Args) == 4 {
		var err error
		if timeout, err = time.ParseDuration(os.Args[3] + "s"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	// Ctrl-C cancels the call, and with it the work that nobody else waits for.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	entities, err := extract(ctx, address, text, timeout)
	if err != nil {
		fmt.Fprintln(os.Stderr, explain(err))
		os.Exit(1)
	}
	for _, entity := range entities {
		fmt.Println(describe(entity, text))
	}
}

// extract calls Extract with a deadline.
func extract(ctx context.Context, address, text string, timeout time.Duration) ([]*tidegatev1.Entity, error) {
	// Keep one connection per process: it is safe to share.
	conn, err := dial(address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if key := os.Getenv("TIDEGATE_API_KEY"); key != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
	}
	client := tidegatev1.NewExtractionServiceClient(conn)
	response, err := client.Extract(ctx, &tidegatev1.ExtractRequest{Text: text})
	return response.GetExtraction().GetEntities(), err
}

// dial prepares a connection to HOST:PORT, or to https://HOST:PORT.
func dial(address string) (*grpc.ClientConn, error) {
	transport := insecure.NewCredentials()
	target, secure := strings.CutPrefix(address, "https://")
	if secure {
		transport = credentials.NewTLS(nil)
	}
	return grpc.NewClient(target, grpc.WithTransportCredentials(transport), grpc.WithDefaultServiceConfig(serviceConfig))
}

// explain says what went wrong and why, when calling again can help, and every attempt that was made.
func explain(err error) string {
	failure, reason, more := status.Convert(err), "-", []string{}
	for _, detail := range failure.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			reason = detail.GetReason()
			for _, key := range slices.Sorted(maps.Keys(detail.GetMetadata())) {
				more = append(more, key+"="+detail.GetMetadata()[key])
			}
		case *errdetails.RetryInfo:
			more = append(more, fmt.Sprintf("call again in %.3f s", detail.GetRetryDelay().AsDuration().Seconds()))
		case *tidegatev1.ExtractionInfo:
			for _, attempt := range detail.GetAttempts() {
				outcome := attempt.GetErrorType()
				if outcome == "" {
					outcome = attempt.GetOutcome()
				}
				line := fmt.Sprint("attempt ", attempt.GetNumber(), " ", attempt.GetKind(), " ", attempt.GetUpstream(), " ", outcome)
				more = append(more, line)
			}
		}
	}
	first := fmt.Sprintf("%v %s: %s", code.Code(failure.Code()), reason, failure.Message())
	return strings.Join(append([]string{first}, more...), "\n")
}

// describe gives one line: type, start, end, words. Places count code points, which are Go's runes; its strings
// are indexed by bytes.
func describe(entity *tidegatev1.Entity, text string) string {
	if entity.GetAlignment() == tidegatev1.Alignment_ALIGNMENT_NOT_FOUND {
		return fmt.Sprintf("%s\t-\t-\t%s", entity.GetType(), entity.GetText())
	}
	words := string([]rune(text)[entity.GetStart():entity.GetEnd()])
	return fmt.Sprintf("%s\t%d\t%d\t%s", entity.GetType(), entity.GetStart(), entity.GetEnd(), words)
}
