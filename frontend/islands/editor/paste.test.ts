import { describe, expect, it } from "vitest";
import { tidyPaste } from "./paste";

const WORD = `<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word">
<head><meta name=Generator content="Microsoft Word 15"><style><!-- p.MsoNormal {margin:0cm; font-size:11.0pt;} --></style>
<!--[if gte mso 9]><xml><o:OfficeDocumentSettings><o:AllowPNG/></o:OfficeDocumentSettings></xml><![endif]--></head>
<body lang=EN-GB style='tab-interval:36.0pt'><!--StartFragment-->
<h1 style='margin-top:12.0pt'><span lang=EN-US style='mso-ansi-language:EN-US'>Claims<o:p></o:p></span></h1>
<p class=MsoNormal><b><span lang=EN-US>Read</span></b><span lang=EN-US> the <i style='mso-bidi-font-style:normal'>letter</i>.<o:p></o:p></span></p>
<p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span></span><![endif]>First<o:p></o:p></p>
<p class=MsoListParagraphCxSpMiddle style='margin-left:72.0pt;mso-add-space:auto;mso-list:l0 level2 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>o<span>&nbsp; </span></span><![endif]>Inside</p>
<p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>·<span>&nbsp;</span></span><![endif]>Second</p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
<p class=MsoListParagraph style='mso-list:l1 level1 lfo2'><![if !supportLists]><span style='mso-list:Ignore'>1.<span>&nbsp;</span></span><![endif]>One</p>
<p class=MsoListParagraph style='mso-list:l1 level1 lfo2'><![if !supportLists]><span style='mso-list:Ignore'>2.<span>&nbsp;</span></span><![endif]>Two</p>
<table class=MsoTableGrid border=1 style='border-collapse:collapse'><tr style='mso-yfti-irow:0'><td width=200 colspan=2 style='padding:0cm'><p class=MsoNormal>Cell</p></td></tr></table>
<p class=MsoNormal><a href="https://example.org/a" style='color:blue'><span style='text-decoration:underline'>here</span></a><a name="_Toc1"></a></p>
<p><img width=100 src="file:///C:/Users/a/AppData/clip_image001.png" v:shapes="Picture_1"></p>
<!--EndFragment--></body></html>`;

const GOOGLE = `<meta charset='utf-8'><b style="font-weight:normal;" id="docs-internal-guid-1"><h2 dir="ltr" style="line-height:1.38"><span style="font-size:16pt;font-weight:400">Title</span></h2>
<p dir="ltr"><span style="font-weight:700;font-style:normal">Bold</span><span style="font-weight:400;font-style:italic"> slanted</span><span style="text-decoration:line-through"> gone</span> x<span style="vertical-align:super">2</span></p>
<ul style="margin-top:0"><li dir="ltr" aria-level="1"><p dir="ltr" role="presentation"><span style="font-weight:400">one</span></p></li></ul></b><br class="Apple-interchange-newline">`;

const tight = (html: string): string => html.replace(/\s*\n\s*/g, "").trim();

describe("what is pasted", () => {
  it("comes from Word with its meaning and without its looks", () => {
    const tidied = tight(tidyPaste(WORD));
    expect(tidied).not.toMatch(/mso|class=|style=|<span|<o:|<!--|file:/i);
    expect(tidied).toContain("<h2>Claims</h2>");
    expect(tidied).toContain("<p><b>Read</b> the <i>letter</i>.</p>");
    expect(tidied).toContain("<ul><li><p>First</p><ul><li><p>Inside</p></li></ul></li><li><p>Second</p></li></ul>");
    expect(tidied).toContain("<ol><li><p>One</p></li><li><p>Two</p></li></ol>");
    expect(tidied).toContain('<td colspan="2"><p>Cell</p></td>');
    expect(tidied).toContain('<a href="https://example.org/a">here</a>');
  });

  it("comes from Google Docs with its bold as bold and its wrapper gone", () => {
    const tidied = tight(tidyPaste(GOOGLE));
    expect(tidied).not.toMatch(/style=|<span|docs-internal|<b>/);
    expect(tidied).toContain("<h2>Title</h2>");
    expect(tidied).toContain("<p><strong>Bold</strong><em> slanted</em><s> gone</s> x<sup>2</sup></p>");
    expect(tidied).toContain("<ul><li><p>one</p></li></ul>");
  });

  it("keeps pictures of this site alone, by their path", () => {
    const id = "/files/0a7f5c1e-1111-4222-8333-444455556666";
    const tidied = tidyPaste(`<p>a<img src="${location.origin}${id}" alt="x"><img src="https://evil.test${id}"><img src="data:image/png;base64,AA"></p>`);
    expect(tidied).toBe(`<p>a<img src="${id}" alt="x"></p>`);
  });

  it("gives a drawn formula back as LaTeX", () => {
    const drawn = `<p>a <span data-math="x" class="formula-drawn"><span class="katex"><math><semantics><mi>x</mi><annotation encoding="application/x-tex">x^2</annotation></semantics></math></span></span></p>`;
    expect(tidyPaste(drawn)).toBe('<p>a <span data-math="x^2">x^2</span></p>');
  });

  it("takes out what could run", () => {
    expect(tidyPaste('<p onclick="x">a<script>b</script></p><svg onload=x></svg>')).toBe("<p>a</p>");
  });
});
