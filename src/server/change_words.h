#pragma once

// Sentences for changes of probes, links and keys; those of paths are in analysis/change_text.h. Pure functions.

#include <span>
#include <string>
#include <string_view>

#include "server/live_events.h"
#include "server/region_control.h"

namespace gnomon::server {

// The probe's name, else its site, else the first digits of its id.
std::string probe_label(const ProbeView& probe);
// One or several probes with the same news.
Text probe_news_text(ProbeNews news, std::span<const ProbeTransition> probes, analysis::Zone zone);
Text dropped_text(const ProbeView& probe, const store::DroppedRange& range, analysis::Zone zone);
Text link_text(const LinkEvent& event);
// "delay 40 ms, loss 2 %"
Text settings_text(const LinkSettings& settings);
Text key_refused_text(std::string_view public_key_hex, std::string_view name);

}  // namespace gnomon::server
