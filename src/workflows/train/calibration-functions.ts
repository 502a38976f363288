/**
 * @file The functions that large features of a base model are measured on. Written for this; not those that two ways of computing scores
 * are compared on.
 */
export const CALIBRATION_FUNCTIONS: readonly string[] = [
  'int main(void)\n{\n\tchar name[32];\n\n\tprintf("name: ");\n\tif (scanf("%31s", name) != 1)\n\t\treturn 1;\n\tprintf("hello, %s\\n", name);\n\treturn 0;\n}\n',
  'static ssize_t fill(struct buffer *b, int fd)\n{\n\tssize_t got;\n\n\tif (b->end + CHUNK > b->size) {\n\t\tunsigned char *grown = realloc(b->data, b->size * 2);\n\t\tif (!grown)\n\t\t\treturn -ENOMEM;\n\t\tb->data = grown;\n\t\tb->size *= 2;\n\t}\n\tgot = read(fd, b->data + b->end, CHUNK);\n\tif (got > 0)\n\t\tb->end += got;\n\treturn got;\n}\n',
  'def load(path, secret):\n    """Returns what was saved, or None."""\n    with open(path, "rb") as file:\n        blob = file.read()\n    signature, payload = blob[:32], blob[32:]\n    if not hmac.compare_digest(signature, sign(payload, secret)):\n        return None\n    return json.loads(zlib.decompress(payload))\n',
  'async function proxy(request, response) {\n  const target = new URL(request.query.url);\n  if (!ALLOWED.has(target.hostname)) {\n    response.status(403).end();\n    return;\n  }\n  const upstream = await fetch(target, { redirect: "manual" });\n  for (const [name, value] of upstream.headers) response.setHeader(name, value);\n  response.send(Buffer.from(await upstream.arrayBuffer()));\n}\n',
  'public void unpack(ZipInputStream in, Path folder) throws IOException {\n    for (ZipEntry entry; (entry = in.getNextEntry()) != null; ) {\n        Path file = folder.resolve(entry.getName()).normalize();\n        if (!file.startsWith(folder)) {\n            throw new IOException("outside of the folder: " + entry.getName());\n        }\n        Files.createDirectories(file.getParent());\n        Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);\n    }\n}\n',
  'func (s *Server) handle(w http.ResponseWriter, r *http.Request) {\n\tid := r.URL.Query().Get("id")\n\trow := s.db.QueryRow("SELECT name FROM items WHERE id = ?", id)\n\tvar name string\n\tif err := row.Scan(&name); err != nil {\n\t\thttp.Error(w, "not found", http.StatusNotFound)\n\t\treturn\n\t}\n\tfmt.Fprintf(w, "%s\\n", html.EscapeString(name))\n}\n',
];
