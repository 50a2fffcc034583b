/* Recomputes in the browser what a certificate says of its files: digests, rows, smallest groups, rules of cells.
   Reads files as streams from the open bucket; nothing is sent anywhere. It mirrors catalog/verification.py. */
(function () {
  "use strict";

  // SHA-256 (FIPS 180-4, section 6.2), a piece at a time: crypto.subtle wants the whole file, and https.
  var K = new Int32Array(64), START = new Uint32Array(8);
  (function constants() { // sections 4.2.2 and 5.3.3: fractional parts of cube and square roots of primes
    var found = 0;
    for (var n = 2; found < 64; n++) {
      var prime = true;
      for (var d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
      if (!prime) continue;
      if (found < 8) START[found] = fraction(Math.sqrt(n));
      K[found++] = fraction(Math.cbrt(n));
    }
    function fraction(root) { return Math.floor((root - Math.floor(root)) * 4294967296); }
  })();

  function Sha256() {
    this.state = Int32Array.from(START); this.block = new Uint8Array(64); this.words = new Int32Array(64);
    this.filled = 0; this.length = 0;
  }
  Sha256.prototype.update = function (bytes) {
    var at = 0;
    this.length += bytes.length;
    while (at < bytes.length) {
      if (this.filled === 0 && bytes.length - at >= 64) { this.compress(bytes, at); at += 64; continue; }
      this.block[this.filled++] = bytes[at++];
      if (this.filled === 64) { this.compress(this.block, 0); this.filled = 0; }
    }
  };
  Sha256.prototype.compress = function (b, from) {
    var w = this.words, s = this.state, i, x, at = from;
    for (i = 0; i < 16; i++, at += 4) w[i] = (b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3];
    for (; i < 64; i++) {
      x = w[i - 15]; var low = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      x = w[i - 2]; var high = ((x >>> 17) | (x << 15)) ^ ((x >>> 19) | (x << 13)) ^ (x >>> 10);
      w[i] = (w[i - 16] + low + w[i - 7] + high) | 0;
    }
    var a = s[0], c = s[1], d = s[2], e = s[3], f = s[4], g = s[5], h = s[6], k = s[7];
    for (i = 0; i < 64; i++) {
      var one = (k + (((f >>> 6) | (f << 26)) ^ ((f >>> 11) | (f << 21)) ^ ((f >>> 25) | (f << 7)))
        + ((f & g) ^ (~f & h)) + K[i] + w[i]) | 0;
      var two = ((((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10)))
        + ((a & c) ^ (a & d) ^ (c & d))) | 0;
      k = h; h = g; g = f; f = (e + one) | 0; e = d; d = c; c = a; a = (one + two) | 0;
    }
    s[0] += a; s[1] += c; s[2] += d; s[3] += e; s[4] += f; s[5] += g; s[6] += h; s[7] += k;
  };
  Sha256.prototype.hex = function () {
    var bits = this.length * 8, end = new Uint8Array(this.filled < 56 ? 64 - this.filled : 128 - this.filled);
    end[0] = 0x80;
    new DataView(end.buffer).setUint32(end.length - 8, Math.floor(bits / 4294967296));
    new DataView(end.buffer).setUint32(end.length - 4, bits >>> 0);
    this.update(end);
    return Array.from(this.state, function (word) { return (word >>> 0).toString(16).padStart(8, "0"); }).join("");
  };

  // RFC 4180, a piece at a time; a field that is nothing is null, one that is "" is empty.
  function Csv(onRow) {
    this.onRow = onRow; this.row = []; this.field = ""; this.quoted = false; this.inside = false; this.maybe = false;
  }
  Csv.prototype.push = function (text) {
    for (var i = 0; i < text.length; i++) {
      var letter = text[i];
      if (this.inside) {
        if (this.maybe) {
          this.maybe = false;
          if (letter === '"') { this.field += '"'; continue; }
          this.inside = false;
        } else if (letter === '"') { this.maybe = true; continue; } else { this.field += letter; continue; }
      }
      if (letter === '"') { this.inside = true; this.quoted = true; }
      else if (letter === ",") this.endField();
      else if (letter === "\n") { this.endField(); this.onRow(this.row); this.row = []; }
      else if (letter !== "\r") this.field += letter;
    }
  };
  Csv.prototype.endField = function () {
    this.row.push(this.field === "" && !this.quoted ? null : this.field);
    this.field = ""; this.quoted = false;
  };
  Csv.prototype.end = function () {
    this.inside = this.maybe = false;
    if (this.field !== "" || this.quoted || this.row.length) { this.endField(); this.onRow(this.row); this.row = []; }
  };

  function Records(said, most) {
    this.said = said; this.most = most; this.groups = new Map(); this.full = false;
  }
  Records.prototype.row = function (row) {
    var key = JSON.stringify(this.said.quasi_identifiers.map(function (name) { return row[name]; }));
    var group = this.groups.get(key);
    if (!group) {
      if (this.groups.size >= this.most) { this.full = true; return; }
      group = { rows: 0, values: Object.keys(this.said.diversity).map(function () { return new Set(); }) };
      this.groups.set(key, group);
    }
    group.rows++;
    Object.keys(this.said.diversity).forEach(function (name, place) {
      if (group.values[place].size <= 1000) group.values[place].add(row[name]);
    });
  };
  Records.prototype.checks = function () {
    var said = this.said, smallest = Infinity, found = [];
    if (this.full) return [{ what: "Groupes", found: "trop nombreux pour ce navigateur", sound: null }];
    this.groups.forEach(function (group) { smallest = Math.min(smallest, group.rows); });
    if (!this.groups.size) smallest = said.k;
    found.push({ what: "Plus petit groupe publié (k), en lignes", found: smallest + ", au moins " + said.k + " annoncées", sound: smallest >= said.k });
    Object.keys(said.diversity).forEach(function (name, place) {
      var fewest = Infinity, least = said.diversity[name];
      this.groups.forEach(function (group) { fewest = Math.min(fewest, group.values[place].size); });
      found.push({ what: "Valeurs de « " + name + " » dans le groupe qui en a le moins (l)", found: fewest + ", au moins " + least + " annoncées", sound: fewest >= least });
    }, this);
    return found;
  };

  function Cells(said) { this.said = said; this.rows = []; this.least = Infinity; this.told = 0; this.secret = 0; }
  Cells.prototype.row = function (row) {
    var said = this.said, shown = !said.status || row[said.status[0]] === said.status[1];
    if (shown) {
      if (row[said.units] !== null) this.least = Math.min(this.least, Number(row[said.units]));
    } else {
      this.secret++;
      this.told += said.figures.filter(function (name) { return row[name] !== null; }).length;
    }
    this.rows.push(row);
  };
  Cells.prototype.checks = function () {
    var said = this.said, least = this.least === Infinity ? said.minimum_units : this.least;
    var found = [{ what: "Plus petite case publiée, en unités", found: least + ", au moins " + said.minimum_units + " annoncées", sound: least >= said.minimum_units }];
    if (said.status) {
      found.push({ what: "Chiffres dans une case secrète", found: String(this.told) + " (sur " + this.secret + " cases secrètes)", sound: this.told === 0 });
      var alone = this.alone();
      found.push({ what: "Cases secrètes que leur total révèle par soustraction", found: String(alone), sound: alone === 0 });
    }
    return found;
  };
  Cells.prototype.alone = function () {
    var said = this.said, sums = new Map(), alone = 0;
    function sum(key) { if (!sums.has(key)) sums.set(key, [0, 0]); return sums.get(key); }
    this.rows.forEach(function (row) {
      var secret = row[said.status[0]] === said.status[1] ? 0 : 1;
      var paths = said.dimensions.map(function (one) {
        var values = one[0].map(function (name) { return row[name]; }), depth = values.indexOf(one[1]);
        return depth < 0 ? values : values.slice(0, depth);
      });
      var apart = said.apart.map(function (name) { return row[name]; });
      paths.forEach(function (path, place) {
        var others = [apart, place, paths.filter(function (_, number) { return number !== place; })];
        sum(JSON.stringify([others, path]))[0] += secret;
        if (path.length) {
          var under = sum(JSON.stringify([others, path.slice(0, -1)]));
          under[0] += secret; under[1]++;
        }
      });
    });
    sums.forEach(function (each) { if (each[0] === 1 && each[1] > 0) alone++; });
    return alone;
  };

  function rulesOf(said, most) {
    if (!said) return null;
    if (said.kind === "records" || (!said.kind && said.quasi_identifiers)) return new Records(said, most);
    return said.kind === "table" ? new Cells(said) : null;
  }

  async function read(url, largest, onPiece) {
    var answer = await fetch(url, { cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" });
    if (!answer.ok) throw new Error("le serveur répond " + answer.status);
    var reader = answer.body.getReader(), size = 0;
    for (;;) {
      var piece = await reader.read();
      if (piece.done) return size;
      size += piece.value.length;
      if (size > largest) { await reader.cancel(); throw new Error("fichier trop gros pour être relu ici"); }
      onPiece(piece.value);
    }
  }

  async function checkFile(file, certified, rules, task) {
    var hash = new Sha256(), rows = 0, head = null, decoder = new TextDecoder("utf-8"), csv = null;
    if (file.format === "CSV") {
      csv = new Csv(function (row) {
        if (!head) { head = row; return; }
        rows++;
        if (!rules) return;
        var named = {};
        head.forEach(function (name, place) { named[name] = row[place] === undefined ? null : row[place]; });
        rules.row(named);
      });
    }
    var size = await read(file.url, task.largest, function (bytes) {
      hash.update(bytes);
      if (csv) csv.push(decoder.decode(bytes, { stream: true }));
    });
    if (csv) { csv.push(decoder.decode()); csv.end(); }
    var digest = hash.hex(), found = [];
    found.push({ what: file.format + " : empreinte (sha256)", found: digest, digest: true, sound: certified ? digest === certified.digest && digest === file.hash : digest === file.hash });
    found.push({ what: file.format + " : taille", found: size.toLocaleString("fr") + " octets", sound: certified ? size === certified.size : size === file.size });
    if (csv) {
      var expected = certified ? certified.rows : file.rows;
      found.push({ what: "CSV : lignes", found: rows.toLocaleString("fr") + ", " + Number(expected).toLocaleString("fr") + " annoncées", sound: rows === Number(expected) });
      if (rules) found = found.concat(rules.checks());
    }
    return found;
  }

  async function check(task, say) {
    var body = [], hash = new Sha256();
    await read(task.certificate, 8 * 1024 * 1024, function (bytes) { body.push(bytes); hash.update(bytes); });
    var certificate = JSON.parse(await new Blob(body).text()), digest = hash.hex();
    say({ what: "Certificat : empreinte (sha256)", found: digest, digest: true, sound: task.digest ? digest === task.digest : null, why: task.digest ? "" : "la page n’annonce que celle de la dernière période" });
    say({ what: "Certificat : jeu et période", found: certificate.dataset + ", " + certificate.period, sound: certificate.dataset === task.dataset && certificate.period === task.period });
    var said = certificate.verification, rules = rulesOf(said, task.most_classes);
    if (!task.files.length) throw new Error("aucun fichier de cette période sur la page");
    for (var file of task.files) {
      var certified = (certificate.files || []).find(function (each) { return each.name === decodeURIComponent(file.url.split("/").pop()); });
      try {
        (await checkFile(file, certified, file.format === "CSV" ? rules : null, task)).forEach(say);
        if (!certified) say({ what: file.format, found: "ce certificat ancien n’en parle pas", sound: null });
      } catch (error) {
        say({ what: file.format, found: "pas vérifié : " + error.message, sound: null });
      }
    }
    if (said && said.beyond && said.beyond.length) say({ what: "Modèles qui se mesurent sur des données non publiques", found: said.beyond.join(", "), sound: null });
    if (!rules) say({ what: "Règles sur les groupes ou les cases", found: "aucune n’est annoncée pour ce jeu", sound: null });
  }

  function start() {
    var place = document.getElementById("ard-verify");
    if (!place) return;
    var task = JSON.parse(document.getElementById("ard-verify-task").textContent);
    var button = place.querySelector("button"), status = place.querySelector("[role=status]");
    var table = place.querySelector("table"), rows = table.querySelector("tbody");
    button.hidden = false;
    button.addEventListener("click", async function () {
      var sound = 0, broken = 0, open = 0;
      rows.textContent = ""; table.parentNode.hidden = false; button.disabled = true;
      status.className = "ard-notice"; status.textContent = "Vérification en cours…";
      function say(one) {
        var row = rows.insertRow(), mark = row.insertCell(), what = document.createElement("th"), found = document.createElement("td");
        if (one.sound === true) sound++; else if (one.sound === false) broken++; else open++;
        mark.textContent = one.sound === true ? "Conforme" : one.sound === false ? "Non conforme" : "Non vérifié";
        mark.className = one.sound === true ? "ard-yes" : one.sound === false ? "ard-no" : "ard-open";
        what.scope = "row"; what.textContent = one.what;
        found.textContent = one.found + (one.why ? " (" + one.why + ")" : "");
        if (one.digest) found.className = "ard-digest";
        row.append(what, found);
      }
      try {
        await check(task, say);
        status.className = broken ? "ard-notice ard-notice-bad" : "ard-notice ard-notice-good";
        status.textContent = broken
          ? "Non conforme : " + broken + " point(s) ne sont pas ce que dit le certificat."
          : "Conforme : " + sound + " points recalculés sont ce que dit le certificat" + (open ? " ; " + open + " n’ont pas pu l’être." : ".");
      } catch (error) {
        status.className = "ard-notice ard-notice-bad";
        status.textContent = "Vérification impossible : " + error.message + ".";
      }
      button.disabled = false;
    });
  }

  if (typeof module === "object" && module.exports) module.exports = { Sha256: Sha256, Csv: Csv, rulesOf: rulesOf };
  else if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
