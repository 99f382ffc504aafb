import { unpack } from "../shared/packing.js";
import { sayInTurn } from "../shared/turns.js";
import { getMapChannel } from "../mask_viewer/channel.js";

/** Bring the pictures and maps that the mask viewer wished for. It shows nothing. */
export default function maskFeed({ data, setStateValue }) {
  const { header, parts } = unpack(data);
  const channel = getMapChannel(header.channel);
  let { turn } = header;
  channel.connect((keys) => sayInTurn(() => setStateValue("wanted", { turn: ++turn, keys })));
  channel.deliver(header.keys, parts.files, header.faults);
}
