// One call in five languages. The key comes from the environment, so that what is copied holds no secret.
const KEY = "STROWGER_API_KEY";
const shell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
const single = (text) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
const quoted = (text) => JSON.stringify(text);
const indented = (value, by = "    ") => JSON.stringify(value, null, 4).replaceAll("\n", `\n${by}`);

function python(value, by = "    ") {
  const lines = (items, open, close) =>
    items.length ? `${open}\n${items.map((item) => `${by}    ${item},`).join("\n")}\n${by}${close}` : open + close;
  if (Array.isArray(value)) return lines(value.map((item) => python(item, `${by}    `)), "[", "]");
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "object") return lines(Object.entries(value).map(([name, item]) => `${quoted(name)}: ${python(item, `${by}    `)}`), "{", "}");
  return quoted(value);
}

function php(value) {
  if (Array.isArray(value)) return `[${value.map(php).join(", ")}]`;
  if (value === null) return "null";
  if (typeof value === "object") return `[${Object.entries(value).map(([name, item]) => `${single(name)} => ${php(item)}`).join(", ")}]`;
  return typeof value === "string" ? single(value) : String(value);
}

const encoded = (values) => new URLSearchParams(values).toString();

const LANGUAGES = {
  curl({ method, url, form, json }) {
    const words = [`curl -X ${method} ${shell(url)}`, `-H "api-key: $${KEY}"`];
    if (json) words.push("-H 'Content-Type: application/json'", `-d ${shell(JSON.stringify(json))}`);
    if (form) for (const [name, value] of Object.entries(form)) words.push(`--data-urlencode ${shell(`${name}=${value}`)}`);
    return words.join(" \\\n  ");
  },
  Python({ method, url, form, json }) {
    const lines = ["import os", "", "import requests", "", `answer = requests.request(`, `    ${quoted(method)},`, `    ${quoted(url)},`];
    lines.push(`    headers={"api-key": os.environ["${KEY}"]},`);
    if (json) lines.push(`    json=${python(json)},`);
    if (form) lines.push(`    data=${python(form)},`);
    return [...lines, "    timeout=10,", ")", "print(answer.status_code, answer.text)"].join("\n");
  },
  JavaScript({ method, url, form, json }) {
    const headers = [`"api-key": process.env.${KEY}`];
    if (json) headers.push('"Content-Type": "application/json"');
    const lines = [`const answer = await fetch(${quoted(url)}, {`, `  method: ${quoted(method)},`, `  headers: { ${headers.join(", ")} },`];
    if (json) lines.push(`  body: JSON.stringify(${indented(json, "  ")}),`);
    if (form) lines.push(`  body: new URLSearchParams(${indented(form, "  ")}),`);
    return [...lines, "});", "console.log(answer.status, await answer.text());"].join("\n");
  },
  PHP({ method, url, form, json }) {
    const headers = [`'api-key: ' . getenv('${KEY}')`];
    if (json) headers.push("'Content-Type: application/json'");
    const lines = ["<?php", `$call = curl_init(${single(url)});`, "curl_setopt_array($call, [", `    CURLOPT_CUSTOMREQUEST => ${single(method)},`];
    lines.push(`    CURLOPT_HTTPHEADER => [${headers.join(", ")}],`);
    if (json) lines.push(`    CURLOPT_POSTFIELDS => json_encode(${php(json)}),`);
    if (form) lines.push(`    CURLOPT_POSTFIELDS => http_build_query(${php(form)}),`);
    return [...lines, "    CURLOPT_RETURNTRANSFER => true,", "]);", "echo curl_exec($call), PHP_EOL;", "echo curl_getinfo($call, CURLINFO_RESPONSE_CODE), PHP_EOL;"].join("\n");
  },
  Java({ method, url, form, json }) {
    const text = json ? JSON.stringify(json) : form ? encoded(form) : null;
    const kind = json ? "application/json" : "application/x-www-form-urlencoded";
    const body = text === null ? "noBody()" : `ofString(${quoted(text)})`;
    const lines = ["import java.net.URI;", "import java.net.http.HttpClient;", "import java.net.http.HttpRequest;", "import java.net.http.HttpRequest.BodyPublishers;", "import java.net.http.HttpResponse.BodyHandlers;", "", "class Call {", "    public static void main(String[] args) throws Exception {"];
    lines.push(`        var request = HttpRequest.newBuilder(URI.create(${quoted(url)}))`, `            .header("api-key", System.getenv("${KEY}"))`);
    if (text !== null) lines.push(`            .header("Content-Type", ${quoted(kind)})`);
    lines.push(`            .method(${quoted(method)}, BodyPublishers.${body})`, "            .build();");
    lines.push("        var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());", '        System.out.println(answer.statusCode() + " " + answer.body());', "    }", "}");
    return lines.join("\n");
  },
};

export const snippet = (language, call) => LANGUAGES[language](call);
