// What was dropped onto the page, folders included.

// Returns what was `found`, as a list of { file, name }, and the names of what was `unread`: it was
// taken away meanwhile, or may not be opened.
export async function readDropped(transfer) {
  const entries = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const read = { found: [], unread: [] };
  for (const entry of entries) {
    if (entry instanceof File) read.found.push({ file: entry, name: entry.name });
    else if (entry) await readEntry(entry, "", read);
  }
  return read;
}

async function readEntry(entry, folder, read) {
  const name = folder + entry.name;
  try {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      read.found.push({ file, name });
    } else if (!entry.name.startsWith(".")) {
      for (const inner of await readFolder(entry)) await readEntry(inner, `${name}/`, read);
    }
  } catch {
    read.unread.push(name);
  }
}

async function readFolder(entry) {
  const reader = entry.createReader();
  const all = [];
  for (;;) {
    // A reader gives at most a hundred entries at a time, and none at the end.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
