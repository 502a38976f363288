/** @file A few functions that any detector can judge, for comparing two ways of computing its scores. Written for this. */

/** Their lengths differ: in a padded batch each has to be read to its own end. */
export const SAMPLE_FUNCTIONS = [
  'int f(int a) {\n\treturn a + 1;\n}\n',
  'static void copy(char *to, const char *from) {\n\tstrcpy(to, from);\n}\n',
  'function run(name, done) {\n  const command = "ls " + name;\n  exec(command, (error, out) => {\n    if (error) throw error;\n    done(out);\n  });\n}\n',
  'def total(prices):\n    amount = 0\n    for price in prices:\n        if price > 0:\n            amount += price\n    return amount\n',
  'public User find(Connection c, String name) throws SQLException {\n    Statement s = c.createStatement();\n    ResultSet r = s.executeQuery("SELECT * FROM users WHERE name = \'" + name + "\'");\n    return r.next() ? new User(r.getInt("id"), r.getString("name")) : null;\n}\n',
  'static int read_packet(struct session *s, const unsigned char *in, size_t size)\n{\n\tunsigned char header[16];\n\tsize_t length, i;\n\n\tif (size < 4)\n\t\treturn -1;\n\tlength = in[0] | in[1] << 8;\n\tmemcpy(header, in + 2, length);\n\tfor (i = 0; i < length; i++)\n\t\ts->sum += header[i];\n\tif (s->sum != in[size - 1]) {\n\t\tfree(s->buffer);\n\t\ts->errors++;\n\t}\n\tif (s->errors > s->limit) {\n\t\tfree(s->buffer);\n\t\treturn -2;\n\t}\n\ts->buffer[s->used++] = header[0];\n\treturn 0;\n}\n',
] as const;
