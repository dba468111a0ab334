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

const named = (files) => (files.length ? files.map(([name, file]) => [name, file.name]) : [["file", "document.pdf"]]);

const LANGUAGES = {
  curl({ method, url, form, json, parts, files }) {
    const words = [`curl -X ${method} ${shell(url)}`, `-H "api-key: $${KEY}"`];
    if (json) words.push("-H 'Content-Type: application/json'", `-d ${shell(JSON.stringify(json))}`);
    if (form) for (const [name, value] of Object.entries(form)) words.push(`--data-urlencode ${shell(`${name}=${value}`)}`);
    if (parts) {
      for (const [name, value] of Object.entries(parts)) words.push(`--form-string ${shell(`${name}=${value}`)}`);
      for (const [name, file] of named(files)) words.push(`-F ${shell(`${name}=@${file}`)}`);
    }
    return words.join(" \\\n  ");
  },
  Python({ method, url, form, json, parts, files }) {
    const lines = ["import os", "", "import requests", "", `answer = requests.request(`, `    ${quoted(method)},`, `    ${quoted(url)},`];
    lines.push(`    headers={"api-key": os.environ["${KEY}"]},`);
    if (json) lines.push(`    json=${python(json)},`);
    if (form) lines.push(`    data=${python(form)},`);
    if (parts) lines.push(`    data=${python(parts)},`, `    files=[${named(files).map(([name, file]) => `(${quoted(name)}, open(${quoted(file)}, "rb"))`).join(", ")}],`);
    return [...lines, "    timeout=10,", ")", "print(answer.status_code, answer.text)"].join("\n");
  },
  JavaScript({ method, url, form, json, parts, files }) {
    const headers = [`"api-key": process.env.${KEY}`];
    if (json) headers.push('"Content-Type": "application/json"');
    const before = [];
    if (parts) {
      before.push('import { readFile } from "node:fs/promises";', "", "const body = new FormData();");
      for (const [name, value] of Object.entries(parts)) before.push(`body.append(${quoted(name)}, ${quoted(value)});`);
      for (const [name, file] of named(files)) before.push(`body.append(${quoted(name)}, new Blob([await readFile(${quoted(file)})]), ${quoted(file)});`);
    }
    const lines = [...before, `const answer = await fetch(${quoted(url)}, {`, `  method: ${quoted(method)},`, `  headers: { ${headers.join(", ")} },`];
    if (json) lines.push(`  body: JSON.stringify(${indented(json, "  ")}),`);
    if (parts) lines.push("  body,");
    if (form) lines.push(`  body: new URLSearchParams(${indented(form, "  ")}),`);
    return [...lines, "});", "console.log(answer.status, await answer.text());"].join("\n");
  },
  PHP({ method, url, form, json, parts, files }) {
    const headers = [`'api-key: ' . getenv('${KEY}')`];
    if (json) headers.push("'Content-Type: application/json'");
    const lines = ["<?php", `$call = curl_init(${single(url)});`, "curl_setopt_array($call, [", `    CURLOPT_CUSTOMREQUEST => ${single(method)},`];
    lines.push(`    CURLOPT_HTTPHEADER => [${headers.join(", ")}],`);
    if (json) lines.push(`    CURLOPT_POSTFIELDS => json_encode(${php(json)}),`);
    if (form) lines.push(`    CURLOPT_POSTFIELDS => http_build_query(${php(form)}),`);
    if (parts) {
      const fields = [...Object.entries(parts).map(([name, value]) => `${single(name)} => ${single(value)}`), ...named(files).map(([name, file]) => `${single(name)} => new CURLFile(${single(file)})`)];
      lines.push(`    CURLOPT_POSTFIELDS => [${fields.join(", ")}],`);
    }
    return [...lines, "    CURLOPT_RETURNTRANSFER => true,", "]);", "echo curl_exec($call), PHP_EOL;", "echo curl_getinfo($call, CURLINFO_RESPONSE_CODE), PHP_EOL;"].join("\n");
  },
  Java({ method, url, form, json, parts, files }) {
    if (parts) return javaMultipart(method, url, parts, named(files));
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

function javaMultipart(method, url, parts, files) {
  const head = (disposition) => `("--" + mark + ${quoted(`\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`)}).getBytes("UTF-8")`;
  const lines = ["import java.net.URI;", "import java.net.http.HttpClient;", "import java.net.http.HttpRequest;", "import java.net.http.HttpRequest.BodyPublishers;", "import java.net.http.HttpResponse.BodyHandlers;", "import java.nio.file.Files;", "import java.nio.file.Path;", "import java.util.ArrayList;", "import java.util.UUID;", "", "class Call {", "    public static void main(String[] args) throws Exception {", "        var mark = UUID.randomUUID().toString();", "        var body = new ArrayList<byte[]>();"];
  for (const [name, value] of Object.entries(parts)) lines.push(`        body.add(${head(`name="${name}"`)});`, `        body.add(${quoted(`${value}\r\n`)}.getBytes("UTF-8"));`);
  for (const [name, file] of files) lines.push(`        body.add(${head(`name="${name}"; filename="${file}"`)});`, `        body.add(Files.readAllBytes(Path.of(${quoted(file)})));`, '        body.add("\\r\\n".getBytes("UTF-8"));');
  lines.push('        body.add(("--" + mark + "--\\r\\n").getBytes("UTF-8"));', `        var request = HttpRequest.newBuilder(URI.create(${quoted(url)}))`, `            .header("api-key", System.getenv("${KEY}"))`, '            .header("Content-Type", "multipart/form-data; boundary=" + mark)', `            .method(${quoted(method)}, BodyPublishers.ofByteArrays(body))`, "            .build();");
  return [...lines, "        var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());", '        System.out.println(answer.statusCode() + " " + answer.body());', "    }", "}"].join("\n");
}

export const snippet = (language, call) => LANGUAGES[language](call);
