package dev.tidegate.examples;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.tidegate.v1.Alignment;
import dev.tidegate.v1.Attempt;
import dev.tidegate.v1.Entity;
import dev.tidegate.v1.ExtractRequest;
import dev.tidegate.v1.ExtractResponse;
import dev.tidegate.v1.ExtractionInfo;
import dev.tidegate.v1.ExtractionServiceGrpc;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * One call to Tidegate from Java: deadline, credential, cancellation, and all that an error tells.
 *
 * <p>How to set it up and run it stands in README.md, one folder above this project.
 */
public final class Extract {
  /**
   * Tidegate retries what the AI API fails, from a budget: a second layer of retries would multiply them. So only
   * UNAVAILABLE is tried again, once: a gateway that restarts. When the AI API is why, {@code grpc-retry-pushback-ms}
   * tells this library not to, or when. {@code timeout} is the most that a call may take.
   */
  private static final Map<String, ?> SERVICE_CONFIG =
      Map.of(
          "methodConfig",
          List.of(
              Map.of(
                  "name", List.of(Map.of("service", ExtractionServiceGrpc.SERVICE_NAME)),
                  "timeout", "60s",
                  "retryPolicy",
                      Map.of(
                          "maxAttempts", 2.0,
                          "initialBackoff", "0.1s",
                          "maxBackoff", "1s",
                          "backoffMultiplier", 2.0,
                          "retryableStatusCodes", List.of("UNAVAILABLE")))));

  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private Extract() {}

  public static void main(String[] arguments) throws InterruptedException {
    if (arguments.length != 2 && arguments.length != 3) {
      System.err.println("usage: extract [https://]HOST:PORT TEXT [SECONDS]");
      System.exit(2);
    }
    double seconds = arguments.length == 3 ? Double.parseDouble(arguments[2]) : 10;
    System.exit(run(arguments[0], arguments[1], seconds));
  }

  private static int run(String address, String text, double seconds) throws InterruptedException {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    // Keep one channel per process: it is safe to share.
    ManagedChannel channel = connect(address);
    try {
      for (Entity entity : extract(channel, text, seconds).getExtraction().getEntitiesList()) {
        out.println(describe(entity, text));
      }
      return 0;
    } catch (StatusRuntimeException error) {
      System.err.println(explain(error));
      return 1;
    } finally {
      channel.shutdownNow().awaitTermination(1, TimeUnit.SECONDS);
    }
  }

  /** A channel to HOST:PORT, or to https://HOST:PORT. */
  private static ManagedChannel connect(String address) {
    boolean secure = address.startsWith("https://");
    return Grpc.newChannelBuilder(
            address.replaceFirst("^https://", ""),
            secure ? TlsChannelCredentials.create() : InsecureChannelCredentials.create())
        .defaultServiceConfig(SERVICE_CONFIG)
        .build();
  }

  /** Calls Extract with a deadline. Ctrl-C cancels the call, and with it the work that nobody else waits for. */
  private static ExtractResponse extract(ManagedChannel channel, String text, double seconds) {
    Metadata headers = new Metadata();
    String key = System.getenv("TIDEGATE_API_KEY");
    if (key != null) {
      headers.put(AUTHORIZATION, "Bearer " + key);
    }
    ExtractionServiceGrpc.ExtractionServiceBlockingStub stub =
        ExtractionServiceGrpc.newBlockingStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
            .withDeadlineAfter((long) (seconds * 1000), TimeUnit.MILLISECONDS);
    Context.CancellableContext context = Context.current().withCancellation();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> context.cancel(null)));
    Context before = context.attach();
    try {
      return stub.extract(ExtractRequest.newBuilder().setText(text).build());
    } finally {
      context.detach(before);
    }
  }

  /** What went wrong and why, when calling again can help, and every attempt that was made. */
  private static String explain(StatusRuntimeException error) {
    String reason = "-";
    List<String> lines = new ArrayList<>();
    com.google.rpc.Status status = StatusProto.fromThrowable(error);
    try {
      for (Any detail : status.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          ErrorInfo info = detail.unpack(ErrorInfo.class);
          reason = info.getReason();
          new TreeMap<>(info.getMetadataMap()).forEach((name, value) -> lines.add(name + "=" + value));
        } else if (detail.is(RetryInfo.class)) {
          Duration delay = detail.unpack(RetryInfo.class).getRetryDelay();
          double seconds = delay.getSeconds() + delay.getNanos() / 1e9;
          lines.add(String.format(Locale.ROOT, "call again in %.3f s", seconds));
        } else if (detail.is(ExtractionInfo.class)) {
          for (Attempt attempt : detail.unpack(ExtractionInfo.class).getAttemptsList()) {
            String outcome = attempt.getErrorType().isEmpty() ? attempt.getOutcome() : attempt.getErrorType();
            lines.add(
                String.join(
                    " ",
                    "attempt",
                    Integer.toString(attempt.getNumber()),
                    attempt.getKind(),
                    attempt.getUpstream(),
                    outcome));
          }
        }
      }
    } catch (InvalidProtocolBufferException unreadable) {
      lines.add("the rest of the details can't be read: " + unreadable.getMessage());
    }
    lines.add(0, error.getStatus().getCode() + " " + reason + ": " + error.getStatus().getDescription());
    return String.join("\n", lines);
  }

  /** One line: type, start, end, words. Places count code points; a string of Java counts UTF-16 units. */
  private static String describe(Entity entity, String text) {
    if (entity.getAlignment() == Alignment.ALIGNMENT_NOT_FOUND) {
      return entity.getType() + "\t-\t-\t" + entity.getText();
    }
    int start = text.offsetByCodePoints(0, entity.getStart());
    int end = text.offsetByCodePoints(start, entity.getEnd() - entity.getStart());
    return String.join(
        "\t",
        entity.getType(),
        Integer.toString(entity.getStart()),
        Integer.toString(entity.getEnd()),
        text.substring(start, end));
  }
}
