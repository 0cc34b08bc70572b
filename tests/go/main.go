// A gRPC client in Go that makes the calls it is told of on the standard input, and says on the output how each ended.
// Messages are those of a descriptor set, written as ProtoJSON; no code is generated.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

type keys struct{ Ca, Key, Certificate string }

type call struct {
	Service, Method string
	Requests        []json.RawMessage
	Metadata        [][2]string
	Seconds         float64
	CancelAfter     int
	Parallel        int // so many of it at once, of which the worst outcome counts
}

type job struct {
	Address, Descriptors string
	Tls                  *keys
	Calls                []call
}

type outcome struct {
	Responses []json.RawMessage   `json:"responses"`
	Code      uint32              `json:"code"`
	Details   string              `json:"details"`
	Initial   map[string][]string `json:"initial"`
	Trailers  map[string][]string `json:"trailers"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func credentialsOf(given *keys) credentials.TransportCredentials {
	if given == nil {
		return insecure.NewCredentials()
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(given.Ca))
	config := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	if given.Key != "" {
		pair, err := tls.X509KeyPair([]byte(given.Certificate), []byte(given.Key))
		check(err)
		config.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(config)
}

func filesOf(encoded string) *protoregistry.Files {
	data, err := base64.StdEncoding.DecodeString(encoded)
	check(err)
	var set descriptorpb.FileDescriptorSet
	check(proto.Unmarshal(data, &set))
	files, err := protodesc.NewFiles(&set)
	check(err)
	return files
}

func methodOf(files *protoregistry.Files, c call) protoreflect.MethodDescriptor {
	found, err := files.FindDescriptorByName(protoreflect.FullName(c.Service))
	check(err)
	return found.(protoreflect.ServiceDescriptor).Methods().ByName(protoreflect.Name(c.Method))
}

func texts(md metadata.MD) map[string][]string {
	found := map[string][]string{}
	for name, values := range md {
		for _, value := range values {
			if strings.HasSuffix(name, "-bin") {
				value = base64.StdEncoding.EncodeToString([]byte(value))
			}
			found[name] = append(found[name], value)
		}
	}
	return found
}

func send(stream grpc.ClientStream, method protoreflect.MethodDescriptor, requests []json.RawMessage) error {
	for _, request := range requests {
		message := dynamicpb.NewMessage(method.Input())
		check(protojson.Unmarshal(request, message))
		if err := stream.SendMsg(message); err != nil {
			return err // the answer says why
		}
	}
	return stream.CloseSend()
}

// make lets a stream stand for every kind of call: that of a unary method has one message each way.
func (c call) make(connection *grpc.ClientConn, method protoreflect.MethodDescriptor) outcome {
	seconds := c.Seconds
	if seconds == 0 {
		seconds = 60
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(seconds*float64(time.Second)))
	defer cancel()
	for _, pair := range c.Metadata {
		value := pair[1]
		if strings.HasSuffix(pair[0], "-bin") {
			raw, err := base64.StdEncoding.DecodeString(value)
			check(err)
			value = string(raw)
		}
		ctx = metadata.AppendToOutgoingContext(ctx, pair[0], value)
	}
	found := outcome{Responses: []json.RawMessage{}}
	description := grpc.StreamDesc{ClientStreams: method.IsStreamingClient(), ServerStreams: method.IsStreamingServer()}
	path := fmt.Sprintf("/%s/%s", c.Service, c.Method)
	stream, err := connection.NewStream(ctx, &description, path)
	if err == nil {
		go func() { _ = send(stream, method, c.Requests) }()
		for err == nil {
			message := dynamicpb.NewMessage(method.Output())
			if err = stream.RecvMsg(message); err != nil {
				break
			}
			text, failure := protojson.Marshal(message)
			check(failure)
			found.Responses = append(found.Responses, text)
			if len(found.Responses) == c.CancelAfter {
				cancel()
			}
			if !method.IsStreamingServer() {
				break
			}
		}
		if header, failure := stream.Header(); failure == nil {
			found.Initial = texts(header)
		}
		found.Trailers = texts(stream.Trailer())
	}
	if err != nil && !errors.Is(err, io.EOF) {
		found.Code, found.Details = uint32(status.Code(err)), status.Convert(err).Message()
	}
	return found
}

func (c call) makeAll(connection *grpc.ClientConn, method protoreflect.MethodDescriptor) outcome {
	if c.Parallel == 0 {
		return c.make(connection, method)
	}
	outcomes := make([]outcome, c.Parallel)
	var group sync.WaitGroup
	for index := range outcomes {
		group.Add(1)
		go func() {
			defer group.Done()
			outcomes[index] = c.make(connection, method)
		}()
	}
	group.Wait()
	for _, each := range outcomes {
		if codes.Code(each.Code) != codes.OK {
			return each
		}
	}
	return outcomes[0]
}

func main() {
	var given job
	check(json.NewDecoder(os.Stdin).Decode(&given))
	files := filesOf(given.Descriptors)
	connection, err := grpc.NewClient(given.Address, grpc.WithTransportCredentials(credentialsOf(given.Tls)))
	check(err)
	outcomes := []outcome{}
	for _, each := range given.Calls {
		outcomes = append(outcomes, each.makeAll(connection, methodOf(files, each)))
	}
	check(connection.Close())
	check(json.NewEncoder(os.Stdout).Encode(outcomes))
}
