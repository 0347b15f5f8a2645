// One call to Tidegate from Node: deadline, credential, cancellation, and all that an error tells.
//
// How to set it up and run it stands in README.md, one folder up.

import { fileURLToPath } from "node:url";

import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";

// Tidegate retries what the AI API fails, from a budget: a second layer of retries would multiply them. So only
// UNAVAILABLE is tried again, once: a gateway that restarts. When the AI API is why, `grpc-retry-pushback-ms` tells
// this library not to, or when. `timeout` is the most that a call may take.
const serviceConfig = {
  methodConfig: [
    {
      name: [{ service: "tidegate.v1.ExtractionService" }],
      timeout: "60s",
      retryPolicy: {
        maxAttempts: 2,
        initialBackoff: "0.1s",
        maxBackoff: "1s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
};

const definition = protoLoader.loadSync(
  ["tidegate/v1/extraction.proto", "google/rpc/status.proto", "google/rpc/error_details.proto"],
  {
    includeDirs: [fileURLToPath(new URL("../../../proto", import.meta.url))],
    enums: String,
    longs: String,
    defaults: true,
  },
);
const { ExtractionService } = grpc.loadPackageDefinition(definition).tidegate.v1;

/** A client of HOST:PORT, or of https://HOST:PORT. Keep one per process: it is safe to share. */
function connect(address) {
  const secure = address.startsWith("https://");
  const credentials = secure ? grpc.credentials.createSsl() : grpc.credentials.createInsecure();
  return new ExtractionService(address.replace("https://", ""), credentials, {
    "grpc.service_config": JSON.stringify(serviceConfig),
  });
}

/** Calls Extract with a deadline. Aborting cancels the call, and with it the work that nobody else waits for. */
function extract(client, text, seconds, signal) {
  const metadata = new grpc.Metadata();
  const key = process.env.TIDEGATE_API_KEY;
  if (key) metadata.set("authorization", `Bearer ${key}`);
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + seconds * 1000;
    const call = client.extract({ text }, metadata, { deadline }, (error, response) =>
      error ? reject(error) : resolve(response),
    );
    signal.addEventListener("abort", () => call.cancel(), { once: true });
  });
}

/** The details of an error by the names of their types. */
function detailsOf(error) {
  const [bytes] = error.metadata?.get("grpc-status-details-bin") ?? [];
  if (!bytes) return {};
  const { details } = definition["google.rpc.Status"].deserialize(bytes);
  const named = details.map(({ type_url: url, value }) => [url.split("/").pop(), value]);
  const known = named.filter(([name]) => name in definition);
  return Object.fromEntries(known.map(([name, value]) => [name, definition[name].deserialize(value)]));
}

/** What went wrong and why, when calling again can help, and every attempt that was made. */
function explain(error) {
  const details = detailsOf(error);
  const { reason = "-", metadata = {} } = details["google.rpc.ErrorInfo"] ?? {};
  const lines = [`${grpc.status[error.code]} ${reason}: ${error.details}`];
  lines.push(...Object.keys(metadata).sort().map((key) => `${key}=${metadata[key]}`));
  const delay = details["google.rpc.RetryInfo"]?.retryDelay;
  if (delay) lines.push(`call again in ${(Number(delay.seconds) + delay.nanos / 1e9).toFixed(3)} s`);
  for (const { number, kind, upstream, errorType, outcome } of details["tidegate.v1.ExtractionInfo"]?.attempts ?? []) {
    lines.push(`attempt ${number} ${kind} ${upstream} ${errorType || outcome}`);
  }
  return lines.join("\n");
}

/** One line: type, start, end, words. Places count code points; a string of JavaScript counts UTF-16 units. */
function describe({ type, start, end, text: words, alignment }, text) {
  if (alignment === "ALIGNMENT_NOT_FOUND") return `${type}\t-\t-\t${words}`;
  return `${type}\t${start}\t${end}\t${Array.from(text).slice(start, end).join("")}`;
}

const [address, text, seconds = "10"] = process.argv.slice(2);
if (!address || text === undefined) {
  console.error("usage: node extract.js [https://]HOST:PORT TEXT [SECONDS]");
  process.exit(2);
}
const client = connect(address);
const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
try {
  const { extraction } = await extract(client, text, Number(seconds), interrupt.signal);
  for (const entity of extraction.entities) console.log(describe(entity, text));
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
} finally {
  client.close();
}
