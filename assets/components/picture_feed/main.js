import { unpack } from "../shared/packing.js";
import { getChannel } from "../shared/feeds.js";
import { sayInTurn } from "../shared/turns.js";

/** Bring the pictures that other components asked for. It shows nothing. */
export default function pictureFeed({ data, setStateValue }) {
  const { header, parts } = unpack(data);
  const channel = getChannel(header.channel);
  channel.connect((keys) => sayInTurn(() => setStateValue("wanted", { turn: header.turn + 1, keys })));
  channel.deliver(header.keys, parts.files);
}
